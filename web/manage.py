"""Django's own commands for the search page: python -m web.manage migrate, check --deploy, createsuperuser ..."""

import os
import sys


def main(words: list[str]) -> None:
    """Run the command that the first of ``words`` names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "web.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["python -m web.manage", *words])


if __name__ == "__main__":
    main(sys.argv[1:])
