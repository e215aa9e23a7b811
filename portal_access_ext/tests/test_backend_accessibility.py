from odoo.tests import tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .accessibility import DESKTOP
from .common import PortalAccessCase
from .keyboard import KeyboardCase

DIALOG = ".modal-content"
COG = ".o_control_panel .o_cp_action_menus button:has(.fa-cog)"
# Odoo's own: they have no names. Whom an avatar shows is written beside it.
STOCK = (".o_list_record_selector", ".o_optional_columns_dropdown", ".o_m2o_avatar")
# People do not press faster, and Odoo needs it for the next row.
PAUSE = 0.3
IS_NAMED = """
    const dialog = await see("[role=dialog]");
    const title = document.getElementById(dialog.getAttribute("aria-labelledby"));
    const [body, footer] = [".modal-body", ".modal-footer"].map((each) => dialog.querySelector(each));
    return Boolean(title?.textContent.trim())
        && Boolean(body.compareDocumentPosition(footer) & Node.DOCUMENT_POSITION_FOLLOWING);
"""


def choose(action):
    """:return str: the step that chooses an action of the menu"""
    return f"""
        await click('{COG}');
        await see('.o_menu_item');
        [...document.querySelectorAll('.o_menu_item')].find((each) => each.textContent.trim() === '{action}').click();
        await see('.modal-footer button');
    """


class BackendCase(KeyboardCase, PortalAccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = mail_new_test_user(
            cls.env, login="pae_accessibility", groups="base.group_user,base.group_system,base.group_partner_manager"
        )
        cls.login = cls.admin.password = cls.admin.login
        Partner = cls.env["res.partner"]
        cls.axe = Partner.create({"name": "Axe", "is_company": True, "email": "info@axe.example"})
        cls.has_access, cls.ready, cls.no_email = Partner.create(
            [
                {"name": f"Axe {name}", "parent_id": cls.axe.id, "email": email}
                for name, email in (("Ann", "ann@axe.example"), ("Ben", "ben@axe.example"), ("Cleo", False))
            ]
        )
        cls.as_manager(cls, cls.has_access).portal_access_grant()
        cls.env.flush_all()

    def form_of(self, record, action):
        return f"/web#id={record.id}&model={record._name}&view_type=form&action={action}"

    @property
    def contact(self):
        return self.form_of(self.has_access, "contacts.action_contacts")

    @property
    def company_contact(self):
        return self.form_of(self.axe, "contacts.action_contacts")

    def assert_backend_accessible(self, url, *selectors, steps=()):
        # The addresses differ after the #: the browser would load nothing anew.
        self.get_page().navigate_to("about:blank", wait_stop=True)
        self.assert_accessible(url, *selectors, login=self.login, steps=steps, sizes=[DESKTOP], excluded=STOCK)


@tagged("post_install", "-at_install", "portal_access_once")
class TestBackendAccessibility(BackendCase):
    """Our views for employees, on a desktop, as axe-core sees them."""

    def test_the_form_of_a_contact(self):
        parts = ("[name=portal_access]", "[name=portal_access_until]", "button[name=action_portal_access_events]")
        self.assert_backend_accessible(self.contact, *parts)
        steps = ["await click('[name=action_portal_access_revoke]')"]
        self.assert_backend_accessible(self.contact, DIALOG, steps=steps)

    def test_the_dialogs_of_a_contact(self):
        self.assert_backend_accessible(self.company_contact, DIALOG, steps=[choose("Grant portal access")])
        self.assertTrue(self._run(IS_NAMED))
        self.assert_backend_accessible(self.contact, DIALOG, steps=[choose("Change portal login")])
        self.assertTrue(self._run(IS_NAMED))
        self.assert_walkable(DIALOG)

    def test_the_lists(self):
        invitation = self.invitations_of(self.has_access)
        invitation.sudo().copy().write({"state": "cancelled"})
        for action in (
            "portal_access_event_action",
            "portal_access_invitation_action",
            "portal_access_exposure_action",
            "action_portal_access_login_change",
        ):
            self.assert_backend_accessible(f"/web#action=portal_access_ext.{action}", ".o_list_renderer")

    def test_an_event_and_an_invitation_and_its_link(self):
        event = self.events_of(self.has_access)[:1]
        self.assert_backend_accessible(
            self.form_of(event, "portal_access_ext.portal_access_event_action"), ".o_form_renderer"
        )
        url = self.form_of(self.invitations_of(self.has_access), "portal_access_ext.portal_access_invitation_action")
        self.assert_backend_accessible(url, ".o_form_renderer")
        steps = ["await click('button[name=action_copy_link]'); await see('.modal input')"]
        self.assert_backend_accessible(url, DIALOG, steps=steps)
        self.assertTrue(self._run(IS_NAMED))
        self.assert_walkable(DIALOG)

    def test_many_contacts_at_once(self):
        url = "/web#action=portal_access_ext.res_partner_portal_access_action&view_type=list"
        tick = "await click('.o_list_view thead .o_list_record_selector input'); await see('.o_list_selection_box')"
        self.assert_backend_accessible(url, ".o_list_renderer")
        for action in ("Revoke portal access", "Re-invite to the portal", "Set end of portal access"):
            with self.subTest(action=action):
                self.assert_backend_accessible(url, DIALOG, steps=[tick, choose(action)])
                self.assertTrue(self._run(IS_NAMED))
                self.assert_walkable(DIALOG)

    def test_the_settings(self):
        block = ".app_settings_block[data-key=portal_access_ext]"
        self.assert_backend_accessible("/web#action=portal_access_ext.portal_access_settings_action", block)
        self.assert_walkable(block)


@tagged("post_install", "-at_install", "portal_access_once")
class TestBackendKeyboard(BackendCase):
    """The dialog is opened, gone through and filled in by the keyboard alone."""

    def open_dialog(self):
        self.open_page(self.company_contact, self.login)
        self.tab_to(COG)
        self.press("Enter")
        for _press in range(30):
            code = "return document.querySelector('.o_menu_item.focus')?.textContent.trim();"
            if self._run(code) == "Grant portal access":
                break
            self.press("ArrowDown")
        self.press("Enter")
        self.see(f"{DIALOG} .o_data_row")
        self.assert_at(f"{DIALOG} textarea")

    def row_of(self, name):
        return f"{DIALOG} .o_data_row:has([data-tooltip*={name}])"

    def test_the_dialog(self):
        row = self.row_of("Cleo")
        box = f"{row} td[name=in_portal] input"
        self.open_dialog()
        self.assert_walkable(DIALOG)
        # What Tab does not lead to, the arrow keys do, as in all of Odoo's lists.
        self.tab_to(box)
        self.press("ArrowLeft")
        self.assert_at(f"{row} td[name=email]")
        self.press("Enter")
        self.assert_at(f"{row} td[name=email] input")
        self.enter("cleo@axe.example")
        self.press("Tab")
        self.assert_at(box)
        self.see(f"{row} [data-status=ready]")
        self.press(" ")
        self.see(f"{box}:checked", ".o_portal_access_pending span:not(:empty)")
        # A row that is edited lets go of the focus at the end of the list.
        self.tab_to(f"{DIALOG} [name=action_apply]", pause=PAUSE)
        self.press("Enter")
        self.see(f"{row} [data-status=granted]")
        self.assert_at(f"{DIALOG} [name=action_apply]")
        self.no_email.invalidate_recordset()
        self.assertEqual(self.no_email.email, "cleo@axe.example")
        self.assertTrue(self.no_email.user_ids._is_portal())
        self.tab_to(f"{DIALOG} [data-hotkey=x]", pause=PAUSE)
        self.press("Enter")
        self.see("body:not(:has(.modal))")

    def test_the_buttons_of_a_row(self):
        row = self.row_of("Ben")
        self.open_dialog()
        self.tab_to(f"{row} [name=action_grant_access]", pause=PAUSE)
        self.press("Enter")
        self.see(f"{row} [data-status=granted]")
        self.tab_to(f"{row} [name=action_revoke_access]", pause=PAUSE)
        self.press(" ")
        self.see(f"{row} [data-status=revoked]")
        box = f"{row} td[name=in_portal] input"
        self.tab_to(box, pause=PAUSE)
        self.press(" ")
        self.see(f"{box}:checked")
        self.press("Escape")
        question = ".modal:not(:has(.o_portal_access_wizard))"
        self.assert_at(f"{question} .btn-primary")
        self.tab_to(f"{question} .btn-secondary")
        self.press("Enter")
        self.see("body:not(:has(.modal))")
