"""Settings of the search page: two ways to serve it, on this machine alone, or behind a proxy that speaks TLS.

All that is to be chosen comes from the environment, which ``scripts/serve.py`` fills from its flags.
"""

from pathlib import Path

import dj_database_url

from web import environment

ROOT = Path(__file__).resolve().parent
DATA = Path(environment.text("WEB_DATA", "data/web")).expanduser().resolve()  # all that the page writes

HOST = environment.text("WEB_HOST")  # the name behind the proxy, "" on this machine alone
PUBLIC = bool(HOST)
DEBUG = False
SECRET_KEY = environment.text("SECRET_KEY")  # scripts/serve.py makes one, and keeps it in DATA
TRAIN = environment.flag("WEB_TRAIN")  # whether the page may run training commands
ALLOWED_HOSTS = [HOST] if PUBLIC else ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "web.pages",
    "web.accounts",
    "web.galleries",
    "web.search",
    "web.annotate",
    "web.grow",
    "web.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "web.urls"
WSGI_APPLICATION = "web.wsgi.application"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "galleries:list"
LOGOUT_REDIRECT_URL = "accounts:login"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": dj_database_url.parse(environment.text("DATABASE_URL", f"sqlite:///{DATA / 'web.sqlite3'}"))}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL: readers go on while somebody writes; IMMEDIATE: who is to write waits for the other, and does not fail.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
    }
UPLOADS_DAYS = environment.number("WEB_UPLOADS_DAYS", 30, least=1)  # a picture that was asked with is kept so long
UPLOADS_MB = environment.number("WEB_UPLOADS_MB", 1000, least=1)  # of all of them; beyond, the oldest go
ADDRESSES = environment.flag("WEB_ADDRESSES")  # whether pictures may be fetched by their address to be asked with
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "中文")]
LOCALE_PATHS = [ROOT / "locale"]
USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # the files of the apps as they lie there: no step of collecting them
