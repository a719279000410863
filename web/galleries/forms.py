"""The form that adds a gallery."""

from pathlib import Path

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets.errors import InputError
from web.galleries import adding
from web.galleries.models import Gallery

RUNS = Path("runs")


class AddForm(forms.Form):
    """What a gallery is called, where its pictures are, which network embeds them."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False, help_text=_("as its source, if left empty"))
    images = forms.CharField(
        label=_("Pictures"),
        max_length=4096,
        help_text=_(
            "on the server: a folder, a .zip or .tar, a list (.txt, or .csv with a column path), or vectors (.h5)"
        ),
    )
    run = forms.CharField(
        label=_("Run"),
        max_length=4096,
        required=False,
        help_text=_("the folder of a trained network; EfficientNet-Lite0 with weights by pip, if no network is named"),
        widget=forms.TextInput(attrs={"list": "runs"}),
    )
    model = forms.CharField(
        label=_("Or a model"), max_length=4096, required=False, help_text=_("an ONNX file, or the name of a trunk")
    )
    use_pretrained = forms.CharField(
        label=_("Its weights"),
        max_length=4096,
        required=False,
        help_text=_("of a trunk: efficientnet_lite0, or a file of weights"),
    )

    def add(self) -> Gallery | None:
        """Add the gallery; None, with the error beside the form, where that cannot be done."""
        try:
            network = adding.spec(self.cleaned_data)
            return adding.add(self.cleaned_data["name"], self.cleaned_data["images"], network)
        except InputError as error:
            self.add_error(None, str(error))
            return None


def runs() -> list[str]:
    """The run folders of the folder that the server works in, newest first."""
    found = [path.parent for path in RUNS.glob("*/options.json")]
    return [str(path) for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]
