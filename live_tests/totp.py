"""Two-factor authentication as customers turn it on and use it."""

import pyotp

from .clients import Browser, Page


def turn_on(browser: Browser, password: str) -> tuple[pyotp.TOTP, list[str]]:
    """Turn it on as the page does; return the authenticator and the recovery codes."""
    identity = browser.call("res.users", "action_totp_enable_wizard", [browser.uid])
    browser.call("res.users.identitycheck", "write", [identity["res_id"]], {"password": password})
    wizard = browser.call("res.users.identitycheck", "run_check", [identity["res_id"]])["res_id"]
    [record] = browser.call("auth_totp.wizard", "read", [wizard], ["secret"])
    authenticator = pyotp.TOTP(record["secret"].replace(" ", ""))
    browser.call("auth_totp.wizard", "write", [wizard], {"code": authenticator.now()})
    action = browser.call("auth_totp.wizard", "enable", [wizard])
    return authenticator, action["params"]["portal_recovery_codes"]


def type_code(page: Page, code: str) -> Page:
    """Type a code into the page that asks for it; return the next page."""
    form = next(form for form in page.tree.forms if "totp_token" in form.fields)
    return page.browser.post(page.url, {**dict(form.form_values()), "totp_token": code})
