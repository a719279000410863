"""Accounts: who may use the page, and the tokens by which programs do."""
