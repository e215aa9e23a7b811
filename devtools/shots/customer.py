"""The pictures of the customer's page: one scene for each thing that customers do, in each language."""

from .camera import Camera, Scene, scene
from .people import PASSWORD, PEOPLE

LANGUAGES = tuple(PEOPLE)
SCENES: list[Scene] = []
DIALOG = ".o_dialog .modal-content"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"


def sign_in(tab, login: str) -> None:
    """Sign in on the page for it."""
    tab.go("/web/login")
    tab.type("input[name=login]", login)
    tab.type("input[name=password]", PASSWORD)
    tab.follow(".oe_login_form button[type=submit]")


@scene(SCENES, "sign-up")
def accept(camera: Camera, known: dict, lang: str) -> None:
    """Follow the invitation."""
    with camera.browser() as tab:
        tab.go(f"/web/signup?token={known['people'][lang]['token']}")
        camera.take("sign-up", ".oe_website_login_container, .card-body", margin=0)


@scene(SCENES, "dashboard", "details", "addresses", "password", "payment-methods")
def account(camera: Camera, known: dict, lang: str) -> None:
    """Look at one's own data."""
    with camera.browser() as tab:
        sign_in(tab, known["people"][lang]["login"])
        tab.go("/my")
        tab.wait_to_see(".o_portal_docs")
        tab.wait_for("!document.querySelector('.o_portal_doc_spinner')", "the numbers are there")
        camera.take(
            "dashboard", "#wrap h3.my-3", ".o_portal_my_home > *", ".o_portal_my_home + * *", ".d-lg-flex.col-lg-4"
        )
        tab.go("/my/account")
        camera.take(
            "details",
            "#portal_locked_help",
            ".o_portal_form label",
            ".o_portal_form .form-control",
            ".o_portal_form .btn",
        )
        tab.go("/my/addresses")
        camera.take("addresses", ".o_portal_my_addresses")
        tab.go("/my/security")
        camera.take("password", "section[name=portal_change_password]")
        tab.go("/my/payment_method")
        camera.take(
            "payment-methods",
            "a[href='#o_payment_methods']",
            "#o_payment_tokens_heading",
            "ul:has(.o_portal_saved_method)",
        )


@scene(SCENES, "invoice-pay", "invoices-pay", "ewallet", "subscription", "ticket")
def documents(camera: Camera, known: dict, lang: str) -> None:
    """Pay, add funds, look at a subscription."""
    person = known["people"][lang]
    with camera.browser() as tab:
        sign_in(tab, person["login"])
        tab.go(f"/my/invoices/{person['invoices'][0]}")
        tab.click("a[data-bs-target='#pay_with']")
        tab.wait_to_see("#pay_with .o_portal_payment_choices")
        tab.click("#o_portal_pay_next")
        tab.wait_to_see(".o_portal_payment_continue .btn")
        camera.take("invoice-pay", "#pay_with .modal-content", margin=0)
        tab.go("/my/invoices/pay?invoice_ids=" + ",".join(map(str, person["invoices"])))
        camera.take(
            "invoices-pay",
            ".o_portal_invoices_pay h1, .o_portal_invoices_pay > .table-responsive, .o_portal_payment_choices",
        )
        tab.go("/my/ewallet")
        tab.follow(".o_portal_ewallet a.btn-primary")
        camera.take("ewallet", "#wrap h1, #wrap h1 ~ *")
        tab.go(f"/my/subscriptions/{person['subscription']}")
        camera.take("subscription", ".o_portal_subscription")
        tab.go(f"/my/ticket/{person['ticket']}")
        camera.take("ticket", ".o_portal_sidebar, #wrap .card, #wrap .o_portal_fullwidth_alert ~ *")


@scene(SCENES, "sessions")
def sessions(camera: Camera, known: dict, lang: str) -> None:
    """Look where one is signed in: on a phone, too."""
    login = known["people"][lang]["second"]
    with camera.browser() as phone:
        phone.send("Emulation.setUserAgentOverride", userAgent=PHONE)
        sign_in(phone, login)
    with camera.browser() as tab:
        sign_in(tab, login)
        tab.go("/my/security")
        camera.take("sessions", "#portal_sessions > :not(hr)")


@scene(SCENES, "two-factor", "recovery-codes", "security", "lost-phone")
def security(camera: Camera, known: dict, lang: str) -> None:
    """Turn two-factor authentication on, lose the phone, and look where one is signed in."""
    import pyotp  # only in the environment

    login = known["people"][lang]["second"]
    with camera.browser() as tab:
        sign_in(tab, login)
        tab.go("/my/security")
        tab.click("#auth_totp_portal_enable")
        tab.type(f"{DIALOG} input[name=password]", PASSWORD)
        tab.click(f"{DIALOG} .modal-footer .btn-primary")
        tab.wait_to_see(f"{DIALOG} input[name=code]")
        camera.take("two-factor", DIALOG, margin=0)
        secret = tab.evaluate("document.querySelector('.o_dialog span[name=secret]').textContent")
        tab.type(f"{DIALOG} input[name=code]", pyotp.TOTP(secret.replace(" ", "")).now())
        tab.click(f"{DIALOG} .modal-footer .btn-primary")
        tab.wait_to_see(".o_portal_recovery_list")
        camera.take("recovery-codes", ".modal-content:has(.o_portal_recovery_list)", margin=0)
        tab.follow(".modal-content:has(.o_portal_recovery_list) .btn-primary")
        camera.take("security", ".o_portal_recovery_codes", "#portal_sessions", "#portal_activity")
    with camera.browser() as tab:
        sign_in(tab, login)
        tab.wait_to_see("#totp_token")
        camera.take("lost-phone", ".oe_website_login_container, .card-body", margin=0)
