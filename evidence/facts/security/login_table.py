"""Calls that let somebody in, by the packages that offer them, and where their passwords are kept."""

from __future__ import annotations

# Calls that let somebody in, or check what they bring, by the last part of their outside name.
LOGINS = {
    "flask_login": ("login_user",), "quart_auth": ("login_user",), "flask_security": ("login_user", "Security"),
    "flask_jwt_extended": ("create_access_token", "verify_jwt_in_request"), "flask_jwt": ("JWT",),
    "flask_jwt_simple": ("create_jwt",), "flask_jwt_router": ("JwtRoutes",), "flask_jwt_oidc": ("JwtManager",),
    "flask_httpauth": ("HTTPBasicAuth", "HTTPTokenAuth", "HTTPDigestAuth", "MultiAuth"),
    "apiflask": ("HTTPBasicAuth", "HTTPTokenAuth"),
    "apiflask.security": ("HTTPBasicAuth", "HTTPTokenAuth", "HTTPBearer", "HTTPAPIKeyHeader"),
    "flask_basicauth": ("BasicAuth",), "flask_praetorian": ("Praetorian",), "flask_oidc": ("OpenIDConnect",),
    "flask_pyoidc": ("OIDCAuthentication",), "flask_user": ("UserManager",), "flask_appbuilder": ("AppBuilder",),
    "flask_ldap3_login": ("LDAP3LoginManager",), "flask_simpleldap": ("LDAP",), "flask_simplelogin": ("SimpleLogin",),
    "flask_cas": ("CAS",), "flask_saml": ("FlaskSAML",), "flask_oauthlib": ("OAuth",), "flask_github": ("GitHub",),
    "flask_openid": ("OpenID",),
    "flask_dance": (
        "make_google_blueprint", "make_github_blueprint", "OAuth2ConsumerBlueprint", "make_azure_blueprint",
    ),
    "authlib": ("OAuth", "ResourceProtector", "decode", "OAuth2Session"),
    "onelogin": ("OneLogin_Saml2_Auth", "process_response"), "saml2": ("Saml2Client",), "ldap3": ("Connection",),
    "ldap": ("initialize",), "msal": ("ConfidentialClientApplication",),
    "google.oauth2": ("verify_oauth2_token", "verify_firebase_token", "verify_token"),
    "firebase_admin": ("verify_id_token", "verify_session_cookie"), "jwt": ("decode",), "jose": ("decode", "verify"),
    "python_jwt": ("verify_jwt",), "keycloak": ("KeycloakOpenID",), "kmsauth": ("KMSTokenValidator",),
    "notifications_python_client": ("decode_jwt_token",), "webauthn": ("verify_authentication_response",),
    "fido2": ("Fido2Server",), "requests_oauthlib": ("OAuth2Session",), "oauthlib": ("WebApplicationClient",),
}  # fmt: skip
# Packages of which a call that lets somebody in checks a token.
TOKEN_PACKAGES = frozenset(
    {"jwt", "jose", "python_jwt", "firebase_admin", "kmsauth", "notifications_python_client", "itsdangerous"}
)
# Packages that keep the passwords themselves.
PASSWORD_KEEPERS = ("flask_security", "flask_appbuilder", "flask_user", "flask_praetorian")
# Directories and providers that are asked whether a password is right: none is kept here.
PASSWORD_DIRECTORIES = frozenset(
    {"ldap", "ldap3", "flask_ldap3_login", "flask_simpleldap", "keycloak", "onelogin", "saml2"}
)
# Calls by which the client of a provider (Cognito, Firebase, Supabase) is handed a password: it keeps them itself.
HANDED_ON = (
    "initiate_auth", "admin_initiate_auth", "respond_to_auth_challenge", "sign_in_with_email_and_password",
    "sign_in_with_password",
)  # fmt: skip
