"""Addresses of accounts."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from web.accounts.views import people, signing, tokens

app_name = "accounts"

urlpatterns = [
    path("login/", signing.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", signing.account, name="account"),
    path("password/", signing.Password.as_view(), name="password"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:number>/revoke/", tokens.revoke, name="revoke"),
    path("people/", people.people, name="people"),
    path("people/<int:number>/<slug:what>/", people.change, name="change"),
]
