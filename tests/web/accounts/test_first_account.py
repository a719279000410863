"""The first account."""

import re

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_it_works(capsys):
    call_command("first_account")
    name, password = re.search(r"user (\w+), password (\S+)$", capsys.readouterr().out.strip()).groups()
    made = authenticate(username=name, password=password)
    assert made.is_staff and len(password) >= 20


def test_it_is_told_once(capsys):
    call_command("first_account")
    capsys.readouterr()
    call_command("first_account")
    assert not capsys.readouterr().out and get_user_model().objects.count() == 1


def test_where_somebody_is_nobody_is_made(user, capsys):
    call_command("first_account")
    assert not capsys.readouterr().out and get_user_model().objects.count() == 1
