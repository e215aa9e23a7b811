from odoo.tests import tagged

from .keyboard import KeyboardCase
from .test_address_pages import AddressPageCase
from .test_totp_codes import TotpCase

DIALOG = ".modal-content"


@tagged("post_install", "-at_install", "portal_access_once")
class TestKeyboardOfCustomers(KeyboardCase, AddressPageCase):
    """Details and addresses, by the keyboard alone."""

    def setUp(self):
        super().setUp()
        self.login = self.anna.user_ids.login

    def test_details_are_mended_where_they_are_wrong(self):
        self.anna.write(
            {
                "parent_id": False,
                "phone": "+32 2 555 01 07",
                "street": "Short Street 7",
                "zip": "1000",
                "city": "Brussels",
                "country_id": self.env.ref("base.be").id,
            }
        )
        form = "form.o_portal_form"
        self.open_page("/my", self.login)
        self.tab_to("a[href$='/my/account']")
        self.press("Enter")
        self.see(form)
        self.assert_walkable(form)
        self.tab_to(f"{form} [name=email]", "Shift+Tab")
        self.enter("no address")
        self.press("Enter")
        self.see(f"{form} .is-invalid")
        self.assert_at(f"{form} [name=email][aria-invalid=true][aria-describedby]")
        self.press("Control+a")
        self.enter("anna@new.example")
        self.press("Enter")
        self.see(".o_portal_my_home")
        self.anna.invalidate_recordset()
        self.assertEqual(self.anna.email, "anna@new.example")

    def test_an_address_is_removed_and_another_added(self):
        page, remove = ".o_portal_my_addresses", ".o_portal_address_remove button"
        self.open_page("/my/addresses", self.login)
        self.see(page)
        self.assert_walkable(page)
        self.assert_not_cut(page)
        self.open_page("/my/addresses")
        self.tab_to(remove)
        self.press("Enter")
        self.see(DIALOG)
        for _press in range(4):
            self.press("Tab")
            self.assertTrue(self.is_at(f"{DIALOG} *"), "The focus leaves the dialog.")
        self.press("Escape")
        self.assert_at(remove)
        self.press("Enter")
        self.tab_to(f"{DIALOG} .btn-primary")
        self.press("Enter")
        self.see(f"{page} [role=status]")
        self.tab_to("a[href$='/my/addresses/new']")
        self.press("Enter")
        self.see("form.o_portal_form")
        self.assert_walkable("form.o_portal_form")


@tagged("post_install", "-at_install")
class TestLanguageOfPages(KeyboardCase, AddressPageCase):
    """Not tagged as the others are: without website, it is our own view that says it."""

    def test_a_page_says_its_language(self):
        # The last one is English only where nothing else is installed.
        lang = sorted(self.env["res.lang"].get_installed(), key=lambda each: each[0] != "en_US")[-1][0]
        self.anna.lang = lang
        self.open_page("/my/account", self.anna.user_ids.login)
        self.assert_not_cut("form.o_portal_form", lang=lang.replace("_", "-"))
        for path in ("login", "reset_password"):
            page = self.url_open(f"/web/{path}").text
            self.assertRegex(page, r'<html[^>]* lang="\w')


@tagged("post_install", "-at_install", "portal_access_once")
class TestKeyboardOfRecoveryCodes(KeyboardCase, TotpCase):
    """The dialog of the recovery codes, by the keyboard alone."""

    def test_new_codes_are_made_and_kept(self):
        self.user.password = login = self.user.login
        # The tests sign in like a program, which Odoo would now ask for an API key.
        self.patch(self.registry["res.users"], "_rpc_api_keys_only", lambda user: False)
        self.open_page("/my/security", login)
        for section in ("portal_login", "portal_sessions", "portal_activity"):
            self.assert_not_cut(f"section[name={section}]")
        self.open_page("/my/security")
        make = ".o_portal_recovery_codes button"
        self.tab_to(make)
        self.press("Enter")
        self.tab_to(f"{DIALOG} input[name=password]")
        self.enter(login)
        self.press("Enter")
        self.see(f"{DIALOG} .o_portal_recovery_list")
        self.assert_at(f"{DIALOG} .modal-footer button")
        self.assert_walkable(".modal:has(.o_portal_recovery_list)")
        self.assertTrue(
            self._run(
                """
                const dialog = await see("[role=dialog]:has(.o_portal_recovery_list)");
                const [list, button] = [".o_portal_recovery_list", ".btn-primary"].map((s) => dialog.querySelector(s));
                const title = document.getElementById(dialog.getAttribute("aria-labelledby"));
                return Boolean(title?.textContent.trim()) && dialog.ariaModal === "true"
                    && Boolean(list.compareDocumentPosition(button) & Node.DOCUMENT_POSITION_FOLLOWING);
                """
            ),
            "The dialog has no name, or is read in another order than it is seen.",
        )
        self.tab_to(f"{DIALOG} .btn-primary")
        self.press("Enter")
        self.see(f"body:not(:has(.o_portal_recovery_list)) {make}")
