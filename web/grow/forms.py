"""Forms: what people choose of a training and of an upgrade."""

from pathlib import Path

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets.errors import InputError
from web.galleries import adding
from web.grow import runs
from web.grow.training.plan import LOSSES, MOST_EPOCHS, Wish
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
    """Upgrade to another network: a run of any family, an ONNX file, or a pretrained trunk."""

    run = forms.CharField(
        label=_("Run folder"),
        max_length=4096,
        required=False,
        help_text=_("That a training command has written, on the machine of the server; of any family."),
    )
    checkpoint = forms.ChoiceField(
        label=_("Checkpoint"), choices=[("best", _("best")), ("last", _("last"))], initial="best", required=False
    )
    model = forms.CharField(
        label=_("Or a model"), max_length=4096, required=False, help_text=_("An ONNX file, or the name of a trunk.")
    )
    use_pretrained = forms.CharField(
        label=_("Weights"), max_length=4096, required=False, help_text=_("Of the trunk: a file, or efficientnet_lite0.")
    )

    def clean(self) -> dict[str, object]:
        """Checked against what stands there."""
        found = super().clean()
        if not any(found.get(name) for name in ("run", "model", "use_pretrained")):
            raise forms.ValidationError(_("an upgrade needs another network: name a run, a model or its weights"))
        try:
            found["spec"] = adding.spec(found)
            if found["spec"].kind == "run":
                runs.check(Path(found["spec"].path), found["spec"].checkpoint)
        except InputError as error:
            raise forms.ValidationError(str(error)) from None
        return found

    def spec(self) -> Spec:
        """What was chosen."""
        return self.cleaned_data["spec"]
