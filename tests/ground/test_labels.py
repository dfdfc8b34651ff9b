"""Every personal field says why it is kept, on which basis, how long, and how it is masked (R61)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from anlan.ground import secrets
from anlan.ground.secrets import Label, SealedField

MASKS = {"phone", "name", "all", "address", "text"}
SENSITIVE_ROOMS = {"evacuation", "relief"}
YEARS_MAX_DAYS = 10 * 366
# Words of a column that would hold somebody's data if nobody had thought about it.
PERSONAL_WORDS = re.compile(r"(^|_)(phone|mobile|idcard|id_number|head|needs|health|birth)(_|$)")
NOT_PERSONAL = {
    "link.peer.key": "the secret of a link, of two counties and not of a person",
    "county.person.phone_hash": "keyed, of the labelled number",
    "county.person.phone_tail_hash": "keyed, of the labelled number",
}


def own_models() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if model.__module__.startswith("anlan."):
            yield model


def labels() -> list[tuple[type[models.Model], str, Label]]:
    return [
        (model, name, label) for model in own_models()
        for name, label in getattr(model, "personal", {}).items()
    ]  # fmt: skip


def test_there_are_personal_fields_to_label() -> None:
    assert len(labels()) >= 6


@pytest.mark.parametrize("entry", labels(), ids=lambda e: f"{e[0]._meta.label}.{e[1]}")
def test_a_label_is_whole(entry: Any) -> None:
    model, name, label = entry
    assert name in {field.name for field in model._meta.get_fields()}
    assert label.purpose and re.search("法|条例", label.basis), "a basis is a law"
    assert 0 < label.retention_days <= YEARS_MAX_DAYS
    assert label.mask in MASKS
    if label.sensitive:
        assert model._meta.app_label in SENSITIVE_ROOMS


def missing(found: Iterator[type[models.Model]]) -> list[str]:
    lacking = []
    for model in found:
        labelled = getattr(model, "personal", {})
        for field in model._meta.get_fields():
            if not isinstance(field, models.Field) or field.is_relation:
                continue
            name = f"{model._meta.label_lower}.{field.name}"
            personal = isinstance(field, SealedField) or PERSONAL_WORDS.search(field.name)
            if personal and field.name not in labelled and name not in NOT_PERSONAL:
                lacking.append(name)
    return lacking


def test_no_sealed_or_telling_field_is_without_its_label() -> None:
    assert missing(own_models()) == []


def test_the_walk_finds_a_field_that_nobody_labelled() -> None:
    """The test of the test."""

    class Unlabelled(models.Model):
        id_number = models.CharField(max_length=18)
        note = SealedField(null=True)

        class Meta:
            app_label = "ground"
            managed = False

    try:
        assert missing(iter([Unlabelled])) == [
            "ground.unlabelled.id_number", "ground.unlabelled.note"]  # fmt: skip
    finally:
        del apps.all_models["ground"]["unlabelled"]
        apps.clear_cache()


def test_masks_hide_what_they_should() -> None:
    assert "1234" not in secrets.mask_phone("13812345678")
    assert secrets.mask_name("欧阳小明") == "欧***"
