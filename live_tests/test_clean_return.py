"""S7 in full: an account with everything an account can have is revoked, and granted again like a first time."""

import pyotp
import requests

from .clients import Browser, XmlRpc
from .conftest import PASSWORD

NEW_PASSWORD = "another-horse-battery"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"


def enable_totp(browser: Browser) -> pyotp.TOTP:
    """Turn two-factor authentication on as the portal's page does, and return the customer's authenticator."""
    check = browser.call("res.users", "action_totp_enable_wizard", [browser.uid])
    browser.call("res.users.identitycheck", "write", [check["res_id"]], {"password": PASSWORD})
    wizard = browser.call("res.users.identitycheck", "run_check", [check["res_id"]])["res_id"]
    [secret] = browser.read("auth_totp.wizard", [["id", "=", wizard]], "secret")
    authenticator = pyotp.TOTP(secret["secret"].replace(" ", ""))
    browser.call("auth_totp.wizard", "write", [wizard], {"code": authenticator.now()})
    browser.call("auth_totp.wizard", "enable", [wizard])
    return authenticator


def test_what_was_revoked_is_over_and_a_new_grant_starts_afresh(
    odoo, database, catcher, memory, make_customers, mona, admin
):
    [contact] = make_customers(1)
    authenticator = enable_totp(Browser(odoo.url).authenticate(contact.email, PASSWORD))
    trusted = Browser(odoo.url)
    trusted.session.headers["User-Agent"] = USER_AGENT
    page = trusted.sign_in(contact.email, PASSWORD)
    assert page.path == "/web/login/totp"
    csrf_token = page.tree.xpath("//input[@name='csrf_token']/@value")[0]
    values = {"totp_token": authenticator.now(), "remember": "1", "csrf_token": csrf_token}
    assert trusted.post("/web/login/totp", values).path == "/my"
    assert "td_id" in trusted.session.cookies

    [result] = mona.call("res.partner", "portal_access_revoke", [contact.id])
    assert result["outcome"] == "revoked"
    assert not trusted.is_signed_in
    assert database.value("SELECT count(*) FROM auth_totp_device WHERE user_id = %s", result["user_id"]) == 0

    catcher.clear()
    moved = f"moved-{contact.email}"
    mona.call("res.partner", "write", [contact.id], {"email": moved})
    [result] = mona.call("res.partner", "portal_access_grant", [contact.id])
    assert result["outcome"] == "granted"
    link = catcher.wait_for_invitation(moved).link

    # Neither the old password with the new login, nor the old login, nor the device.
    for login in (moved, contact.email):
        assert trusted.sign_in(login, PASSWORD).path == "/web/login"
        assert not XmlRpc(odoo.url, database.name, login, PASSWORD).uid
    landing = trusted.get(link).submit("oe_signup_form", password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    assert landing.path == "/my", "no code of the old authenticator is asked"
    assert Browser(odoo.url).sign_in(moved.upper(), NEW_PASSWORD).path == "/my"
    sign_ins = ("signed_in", "program_signed_in", "sign_in_failed")
    assert [kind for kind in memory.events(contact) if kind not in sign_ins] == [
        *("granted", "invited", "totp_enabled"),
        *("revoked", "login_changed", "granted", "invited", "accepted"),
    ]


def test_the_customer_who_deletes_the_account_is_gone_for_good(odoo, database, memory, make_customers, mona, admin):
    [contact] = make_customers(1)
    browser, other = (Browser(odoo.url).authenticate(contact.email, PASSWORD) for _each in range(2))
    token = browser.get("/my/security").tree.xpath("//input[@name='csrf_token']/@value")[0]
    values = {"validation": contact.email, "password": PASSWORD, "csrf_token": token}
    page = browser.post("/my/deactivate_account", values)
    assert page.status == requests.codes.ok
    assert not browser.is_signed_in
    assert not other.is_signed_in
    [user] = memory.users(contact)
    assert (user["active"], user["is_portal"], user["password"]) == (False, False, "")
    assert memory.events(contact)[-1] == "revoked"
    # And may come back.
    admin.call("res.partner", "write", [contact.id], {"active": True})
    [result] = mona.call("res.partner", "portal_access_grant", [contact.id])
    assert result["outcome"] == "granted"
    assert memory.users(contact)[0]["login"] == contact.email
    assert database.value("SELECT count(*) FROM res_users_deletion WHERE user_id = %s", user["id"]) == 0
