"""Settings of the search page: two ways to serve it, on this machine alone, or behind a proxy that speaks TLS.

All that is to be chosen comes from the environment, which ``scripts/serve.py`` fills from its flags.
"""

from pathlib import Path

import dj_database_url

from web import environment

ROOT = Path(__file__).resolve().parent
DATA = environment.folder("WEB_DATA", "data/web")  # all that the page writes

WORK = environment.flag("WEB_WORK", True)  # whether a job begins a process that does it
HOST = environment.text("WEB_HOST")  # the name behind the proxy, "" on this machine alone
PUBLIC = bool(HOST)
DEBUG = False
# Where others can come in it is given, so that it lies in no folder of data; else one is made, and kept there.
SECRET_KEY = environment.key("SECRET_KEY") if PUBLIC else environment.text("SECRET_KEY")
SECRET_KEY = SECRET_KEY or environment.kept_secret(DATA / "secret-key")
TRAIN = environment.flag("WEB_TRAIN")  # whether the page may run training commands
ALLOWED_HOSTS = [HOST] if PUBLIC else ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "web.pages",
    "web.safety",
    "web.accounts",
    "web.galleries",
    "web.search",
    "web.annotate",
    "web.grow",
    "web.api",
]

MIDDLEWARE = [
    "web.safety.watch.watch",
    "web.safety.policy.policy",
    "web.safety.limits.limits",
    "web.safety.plain.plain",
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
    "web.safety.mistakes.Mistakes",
]

ROOT_URLCONF = "web.urls"
WSGI_APPLICATION = "web.wsgi.application"
CSRF_FAILURE_VIEW = "web.safety.refusals.forged"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AUTHENTICATION_BACKENDS = ["web.accounts.backend.Backend"]
SESSION_ENGINE = "web.accounts.sessions"
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

_DATABASE = environment.text("DATABASE_URL", f"sqlite:///{DATA / 'web.sqlite3'}")
# A connection stays open: to open one takes as long as to ask it.
DATABASES = {"default": dj_database_url.parse(_DATABASE, conn_max_age=600, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL: readers go on while somebody writes; FULL: what was acknowledged outlives a power cut too; IMMEDIATE: who is
    # to write waits for the other, and does not fail.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
    }
UPLOADS_DAYS = environment.number("WEB_UPLOADS_DAYS", 30, least=1)  # a picture that was asked with is kept so long
UPLOADS_MB = environment.number("WEB_UPLOADS_MB", 1000, least=1)  # of all of them; beyond, the oldest go
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "中文")]
LOCALE_PATHS = [ROOT / "locale"]
USE_TZ = True
# In which cameras that tell no zone are shown as their clocks stood.
TIME_ZONE = environment.text("WEB_TIME_ZONE", "UTC")

STATIC_URL = "static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = True  # the files of the apps as they lie there: no step of collecting them

# What one client may ask for in a minute, 0 for as often as it likes; what a request may be.
LIMITS = {
    "requests": environment.number("WEB_REQUESTS_A_MINUTE", 3000),
    "uploads": environment.number("WEB_UPLOADS_A_MINUTE", 120),
    "sign-ins": environment.number("WEB_SIGN_INS_A_MINUTE", 10),
    "body": environment.number("WEB_BODY", 32 * 2**20, least=1),  # bytes
    "pixels": environment.number("WEB_PIXELS", 64_000_000, least=1),  # of a picture that is sent
    "patience": environment.number("WEB_PATIENCE", 60, least=1),  # seconds for a request to come whole
    "connections": environment.number("WEB_CONNECTIONS", 500, least=1),
}
FETCH = environment.flag("WEB_FETCH")  # whether a picture's address may be given in place of a picture
SIGN_IN = "/accounts/login/"
DATA_UPLOAD_MAX_MEMORY_SIZE = LIMITS["body"]  # of a body that is no form; the server refuses a larger one
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a change of many pictures at once
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# Behind the proxy, all that leaves is for TLS alone. The server takes the scheme from this proxy and from nobody else.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC
SECURE_SSL_HOST = HOST or None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PUBLIC else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PUBLIC
SESSION_COOKIE_NAME = "__Host-session" if PUBLIC else "session"  # __Host-: of this very name, over TLS alone
CSRF_COOKIE_NAME = "__Host-csrf" if PUBLIC else "csrf"
LANGUAGE_COOKIE_SECURE = PUBLIC
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # JavaScript takes the token from the page
X_FRAME_OPTIONS = "DENY"
# Preloading is for the owner of a whole domain to ask for, at hstspreload.org, not for one page in it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "web": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.security": {"handlers": [], "level": "CRITICAL"},  # web.safety.watch tells, in one line
        "waitress": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
    },
}
