"""Forms: what people choose of a training and of an upgrade."""

from pathlib import Path

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets.errors import InputError
from web.grow import runs
from web.grow.plan import LOSSES, MOST_EPOCHS, Wish
from web.serving.network import Spec


class TrainForm(forms.Form):
    """Train again."""

    loss = forms.ChoiceField(
        label=_("Loss"),
        choices=[(name, name) for name in LOSSES],
        initial="margin",
        help_text=_("Of networks of vectors; a network of codes, or of instances, is trained as it was."),
    )
    epochs = forms.IntegerField(label=_("Epochs"), min_value=1, max_value=MOST_EPOCHS, initial=20)

    def wish(self) -> Wish:
        """What was chosen."""
        return Wish(self.cleaned_data["loss"], self.cleaned_data["epochs"])


class UpgradeForm(forms.Form):
    """Upgrade to the network of a run folder."""

    run = forms.CharField(
        label=_("Run folder"),
        max_length=4096,
        help_text=_("That a training command has written, on the machine of the server: of any family."),
    )
    checkpoint = forms.ChoiceField(
        label=_("Checkpoint"), choices=[("best", _("best")), ("last", _("last"))], initial="best", required=False
    )

    def clean(self) -> dict[str, object]:
        """Checked against what stands there."""
        found = super().clean()
        if folder := found.get("run"):
            found["run"] = str(Path(folder).expanduser().absolute())
            try:
                runs.check(Path(found["run"]), found.get("checkpoint") or "best")
            except InputError as error:
                self.add_error("run", str(error))
        return found

    def spec(self) -> Spec:
        """What was chosen."""
        return Spec("run", path=self.cleaned_data["run"], checkpoint=self.cleaned_data["checkpoint"] or "best")
