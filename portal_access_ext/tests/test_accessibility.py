from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .accessibility import DESKTOP, PHONE, AccessibilityCase
from .test_portal_home import PortalHomeCase
from .test_session import IPHONE, SessionCase
from .test_totp_codes import LOGGERS, TotpCase

DIALOG = ".modal-content"


@tagged("post_install", "-at_install")
class TestAccessibilityOfTheDashboard(AccessibilityCase, PortalHomeCase):
    """Our blocks of the pages that every customer comes by."""

    def setUp(self):
        super().setUp()
        self.add_unknown_card()
        self.save_cards(self.offer_payment(), self.anna, 2)
        self.login = self.anna.user_ids.login

    def test_the_dashboard(self):
        column = ".o_portal_wrap .d-lg-flex > div:has(> .o_portal_account_security)"
        number = ".o_portal_docs .o_portal_card_count"
        self.assert_accessible("/my", column, number, login=self.login, sizes=[DESKTOP])
        button = "button[data-bs-target='#accountOffCanvas']"
        self.assert_accessible("/my", button, number, login=self.login, sizes=[PHONE])

    def test_the_panel_on_a_phone(self):
        steps = ["await click('button[data-bs-target=\"#accountOffCanvas\"]')"]
        self.assert_accessible("/my", "#accountOffCanvas.show", login=self.login, steps=steps, sizes=[PHONE])

    def test_the_details(self):
        form = "form.o_portal_form"
        # Not the button that discards, which is stock's.
        parts = (f"{form} .row .row", f"{form} button[type=submit]")
        self.assert_accessible("/my/account", *parts, login=self.login)
        steps = [
            f"await type('{form} [name=email]', 'no address'); await type('{form} [name=city]', '')",
            f"await click('{form} button[type=submit]')",
        ]
        self.assert_accessible("/my/account", f"{form} .is-invalid", *parts, login=self.login, steps=steps)

    def test_the_addresses(self):
        for kind in ("delivery", "invoice", "other"):
            self.make_partners(1, kind, type=kind, street="Short Street 7", parent_id=self.anna.parent_id.id)
        page, form = ".o_portal_my_addresses", "form.o_portal_form"
        self.assert_accessible("/my/addresses", page, login=self.login)
        self.assert_accessible("/my/addresses?done=saved", f"{page} [role=status]", login=self.login, sizes=[PHONE])
        self.assert_accessible("/my/addresses/new", form, "h1", login=self.login)
        steps = [f"await click('{form} button[type=submit]')"]
        self.assert_accessible("/my/addresses/new", f"{form} .is-invalid", form, login=self.login, steps=steps)
        steps = [f"await click('{page} .o_portal_address_remove button')"]
        # The buttons are of the theme.
        self.assert_accessible("/my/addresses", ".modal-header", ".modal-body", login=self.login, steps=steps)


@tagged("post_install", "-at_install")
class TestAccessibilityOfSecurity(AccessibilityCase, TotpCase):
    """Signing in, the login, two-factor authentication."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.write({"email": "help@pae.example", "phone": "+1 555 0100"})
        cls.user.password = cls.login = cls.user.login
        cls.env["mail.mail"].search([]).unlink()

    def offer_login_change(self):
        self.env["ir.config_parameter"].set_param("portal_access_ext.login_change_by_customer", "True")

    def test_the_login(self):
        self.user.sudo().totp_secret = False
        section = "section[name=portal_login]"
        self.assert_accessible("/my/security", section, login=self.login)
        self.offer_login_change()
        self.assert_accessible("/my/security", f"{section} form", login=self.login)
        self.assert_accessible(
            "/my/security",
            f"{section} .invalid-feedback",
            section,
            login=self.login,
            steps=[f"await click('{section} button[type=submit]')"],
        )

    def test_where_one_is_signed_in_and_what_happened(self):
        self.user.sudo().totp_secret = False
        now = fields.Datetime.now()
        self.env["portal.access.session"].sudo().create(
            {"user_id": self.user.id, "sid_hash": "other", "browser": "Firefox", "first_on": now, "last_on": now}
        )
        self.env["portal.access.event"]._record("sign_in_failed", self.user.sudo(), actor=self.user)
        self.assert_accessible(
            "/my/security?signed_out=1",
            "section[name=portal_sessions]",
            "section[name=portal_sessions] [role=status]",
            "section[name=portal_activity]",
            login=self.login,
        )
        self.assert_accessible("/my/security/activity", ".o_portal_activity_body", login=self.login)

    def test_the_recovery_codes(self):
        # The tests sign in like a program, which Odoo would now ask for an API key.
        self.patch(self.registry["res.users"], "_rpc_api_keys_only", lambda user: False)
        block = ".o_portal_recovery_codes"
        self.assert_accessible("/my/security", block, login=self.login)
        steps = [
            f"await click('{block} button')",
            f"await type('{DIALOG} input[name=password]', '{self.login}')",
            f"await click('{DIALOG} .btn-primary')",
        ]
        for size in (DESKTOP, PHONE):  # Odoo asks once, as long as one is signed in
            self.assert_accessible(
                "/my/security",
                f"{DIALOG}:has(.o_portal_recovery_list)",
                login=self.login,
                steps=steps,
                sizes=[size],
            )

    def test_a_violation_would_be_found(self):
        self._enter_page(None)
        part = ".oe_login_form .oe_login_buttons"
        pale = """
            const text = document.createElement("p");
            text.textContent = "Hardly there";
            text.style.cssText = "color: #ddd !important; background: #fff !important";
            (await see("%s")).append(new Image(), text);
        """
        found = self._find_violations("/web/login", [part], [pale % part], PHONE)
        self.assertEqual({violation["rule"] for violation in found}, {"image-alt", "color-contrast"})
        self.assertIn("image-alt", self._describe(found))

    def test_a_contrast_that_something_hides_would_be_found(self):
        self._enter_page(None)
        part = ".oe_login_form .oe_login_buttons"
        cover = """
            await see("%s");
            const layer = document.createElement("div");
            layer.style.cssText = "position: absolute; inset: 0; z-index: 9999; background: rgba(0, 0, 0, 0.01)";
            document.body.append(layer);
        """
        found = self._find_violations("/web/login", [part], [cover % part], PHONE)
        self.assertIn("color-contrast", {violation["rule"] for violation in found})

    @mute_logger(*LOGGERS)
    def test_the_code_at_signing_in(self):
        steps = [
            f"await type('#login', '{self.login}'); await type('#password', '{self.login}');"
            "await click('form.oe_login_form button[type=submit]')",
        ]
        self.assert_accessible("/web/login", "#portal_recovery_code_help", "#totp_token", steps=steps)

    def test_the_links_of_a_new_login(self):
        self.change(needs_confirmation=True)
        link = self.link(self.mails()[self.new], "confirm")
        page = ".oe_login_form"
        self.assert_accessible(link, page)
        self.assert_accessible(
            link, f"{page} [role=status]", page, steps=[f"await click('{page} button')"], sizes=[PHONE]
        )
        self.assert_accessible(link, f"{page} [role=alert]", page)

    def test_links_that_do_not_work(self):
        [partner] = self.make_partners(1, "invited")
        self.grant(partner)
        link = partner.sudo()._get_signup_url_for_action()[partner.id]
        past = fields.Datetime.now() - timedelta(days=1)
        self.invitations_of(partner).valid_until = partner.sudo().signup_expiration = past
        page = ".oe_login_form"
        self.assert_accessible(link, page)
        steps = [f"await click('{page} form button')"]
        self.assert_accessible(link, f"{page}:has([role=status])", steps=steps)


@tagged("post_install", "-at_install")
class TestAccessibilityOfSessions(AccessibilityCase, SessionCase):
    """The password, where one is signed in, and what happened to the account."""

    def setUp(self):
        super().setUp()
        self.browser(IPHONE)
        self.user.password = self.login = self.user.login
        self.browser(IPHONE, password=self.login)
        Event = self.env["portal.access.event"]
        for _number in range(25):
            Event._record("sign_in_failed", self.user.sudo(), actor=self.user)

    def test_sessions_and_activity(self):
        sections = ("section[name=portal_sessions]", "section[name=portal_activity]")
        self.assert_accessible("/my/security", *sections, login=self.login)
        for count in (0, 1):
            self.assert_accessible(f"/my/security?signed_out={count}", sections[0], login=self.login, sizes=[PHONE])
        self.assert_accessible("/my/security/activity", ".o_portal_activity_body .o_portal_events", login=self.login)

    @mute_logger(*LOGGERS)
    def test_the_password(self):
        section = "section[name=portal_change_password]"
        steps = [f"await type('{section} input[name={name}]', 'wrong words')" for name in ("old", "new1", "new2")]
        steps.append(f"await click('{section} button[type=submit]')")
        feedback = f"{section} .invalid-feedback"
        self.assert_accessible("/my/security", feedback, f"{section} input[name=old]", login=self.login, steps=steps)
