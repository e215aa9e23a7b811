"""The pictures of the administrator's page, in English."""

import time

from .camera import Camera, Scene, scene
from .people import MANAGED, STANDS

SCENES: list[Scene] = []
WIDTH = 1280
LIST = (".o_control_panel", ".o_list_table")
DIALOG = ".o_dialog .modal-content"


def sign_in(tab) -> None:
    """Sign in as the administrator."""
    tab.go("/web/login")
    tab.type("input[name=login]", "admin")
    tab.type("input[name=password]", "admin")
    tab.evaluate("document.querySelector('.oe_login_form').submit()")
    tab.wait_to_see(".o_main_navbar")


def open_page(tab, fragment: str, selector: str) -> None:
    """Open a page of the web client, and wait until something shows."""
    tab.send("Page.navigate", url="about:blank")  # a fragment alone loads nothing
    tab.send("Page.navigate", url=f"{tab.url}/web#{fragment}")
    tab.wait_to_see(selector)
    time.sleep(0.5)  # what comes after the records: counters, avatars


def search(tab, text: str) -> None:
    """Search a list for a text."""
    tab.type(".o_searchview_input", text)
    tab.evaluate("document.querySelector('.o_searchview_input').focus()")
    for kind in ("keyDown", "keyUp"):
        tab.send("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13)
    tab.wait_to_see(".o_searchview_facet", text)
    time.sleep(0.7)


@scene(SCENES, "first-run", "settings")
def settings(camera: Camera, _known: dict, _lang: str) -> None:
    """Look at what is shown after installing, before it is closed for good, and at the settings."""
    with camera.browser(WIDTH, 900) as tab:
        sign_in(tab)
        open_page(tab, "action=portal_access_ext.res_partner_portal_access_action", ".o_onboarding_main")
        camera.take("first-run", ".o_onboarding_main", margin=0)
        open_page(tab, "action=portal_access_ext.portal_access_settings_action", "[name=portal_event_retention_days]")
        camera.take("settings", ".app_settings_block:not(.d-none) > *", margin=8)


@scene(SCENES, "contact", "dialog", "change-login")
def contact(camera: Camera, known: dict, _lang: str) -> None:
    """Look at a contact, and open the dialog on its company."""
    ids = known["managed"]
    with camera.browser(WIDTH) as tab:
        sign_in(tab)
        open_page(tab, f"model=res.partner&id={ids['active']}&view_type=form", ".o_form_view [name=portal_status]")
        camera.take("contact", ".o_control_panel", ".o_form_sheet .oe_title", ".o_form_sheet > .o_group", margin=0)
        open_page(
            tab, f"model=res.partner&id={ids['company']}&view_type=form", "[name=action_portal_access_open_dialog]"
        )
        tab.click("[name=action_portal_access_open_dialog]")
        tab.wait_to_see(f"{DIALOG} .o_data_row")
        tab.evaluate(
            f"""[...document.querySelectorAll("{DIALOG} .o_data_row")]
                .find((row) => row.textContent.includes({STANDS["ready"][0]!r}))
                .querySelector("[name=in_portal] input").click()"""
        )
        tab.wait_to_see(f"{DIALOG} .o_portal_access_pending", "1")
        tab.type(f"{DIALOG} [name=welcome_message] textarea", "Here you find your orders and invoices.")
        camera.take("dialog", DIALOG, margin=0)
        tab.evaluate(
            f"""[...document.querySelectorAll("{DIALOG} .o_data_row")]
                .find((row) => row.textContent.includes({STANDS["active"][0]!r}))
                .querySelector("[name=action_change_login]").click()"""
        )
        tab.wait_to_see(f"{DIALOG} [name=new_login] input")
        tab.type(f"{DIALOG} [name=new_login] input", "olivia.grant@tearooms.example")
        camera.take("change-login", f"{DIALOG}:has([name=new_login])", margin=0)


@scene(SCENES, "access", "bulk", "invitations", "events", "exposure")
def lists(camera: Camera, known: dict, _lang: str) -> None:
    """Look at the lists of the menu Portal."""
    with camera.browser(WIDTH, 720) as tab:
        sign_in(tab)
        open_page(tab, "action=portal_access_ext.res_partner_portal_access_action", ".o_list_view .o_data_row")
        if tab.evaluate("!!document.querySelector('.o_onboarding_main')"):
            tab.click(".o_onboarding_btn_close")
            tab.click(".o_onboarding_modal .btn-primary")
            tab.wait_for("!document.querySelector('.o_onboarding_main')", "the panel is closed")
        search(tab, MANAGED)
        camera.take("access", *LIST, margin=0)
        tab.click(".o_list_view thead .o_list_record_selector input")
        tab.click(".o_cp_action_menus .dropdown-toggle", "Action")
        tab.click(".o_cp_action_menus .dropdown-item", "Revoke portal access")
        tab.wait_to_see(f"{DIALOG} .o_portal_access_bulk")
        camera.take("bulk", DIALOG, margin=0)
        open_page(tab, "action=portal_access_ext.portal_access_invitation_action", ".o_list_view .o_data_row")
        search(tab, MANAGED)
        camera.take("invitations", *LIST, margin=0)
        open_page(tab, "action=portal_access_ext.portal_access_event_action", ".o_list_view .o_data_row")
        search(tab, MANAGED)
        camera.take("events", *LIST, margin=0)
        open_page(tab, "action=portal_access_ext.portal_access_exposure_action", ".o_control_panel")
        tab.click("a.btn-primary, button", "Check now")
        tab.click(".o_list_view .o_group_header", "Known gap of Odoo")
        tab.wait_to_see(".o_list_view .o_group_has_content + .o_group_has_content ~ .o_group_has_content")
        camera.take("exposure", *LIST, margin=0)
