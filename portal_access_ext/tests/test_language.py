from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools.translate import code_translations

from odoo.addons.mail.models.mail_mail import MailMail

from .common import PortalAccessCase

DE = "de_DE"


class TestLanguage(PortalAccessCase):
    """In whose language things are said."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in (DE, "fr_FR"):
            cls.env["res.lang"]._activate_lang(lang)
        cls.env.company.partner_id.lang = DE
        cls.manager.lang = "fr_FR"

    def in_german(self, text):
        said = code_translations.get_python_translations("portal_access_ext", DE)[text]
        self.assertNotEqual(said, text)
        return said

    def test_notes_are_in_the_company_s_language_whoever_grants_access(self):
        self.as_manager(self.partner).with_context(lang="fr_FR").portal_access_set_until("2030-05-20")
        until = self.in_german("Portal access until %s") % "20.05.2030"
        self.assertIn(until, self.partner.message_ids[0].body)
        self.as_manager(self.partner).with_context(lang="fr_FR").portal_access_grant()
        granted = self.in_german("Portal Access Granted until %s") % "20.05.2030"
        self.assertIn(granted, self.partner.message_ids[0].body)

    def test_the_ledger_is_in_the_company_s_language(self):
        user = self.grant(self.partner)
        user.with_context(lang="fr_FR").unlink()
        self.assertEqual(self.events_of(self.partner)[-1].details, self.in_german("The user was deleted."))

    def test_only_what_we_note_of_a_mail_is_in_the_company_s_language(self):
        languages = []

        def postprocess(mails, *args, **kwargs):
            languages.append(mails.env.lang)

        self.grant(self.partner)
        invitation = self.invitations_of(self.partner)
        mail = self.env["mail.mail"].with_context(lang="fr_FR").create({"model": invitation._name})
        invitation.mail_mail_id_int = mail.id
        with patch.object(MailMail, "_postprocess_sent_message", postprocess):
            mail._postprocess_sent_message([], failure_type="mail_email_missing")
        self.assertEqual(languages, ["fr_FR"])
        self.assertEqual(invitation.failure_reason, self.in_german("The mail server does not accept this address."))

    def test_a_question_before_a_button_is_translated_with_its_title_and_answer(self):
        arch = self.env["res.partner"].with_context(lang=DE).get_view(view_type="form")["arch"]
        for text in ("Revoke portal access?", "Revoke access"):
            self.assertIn(self.in_german(text), arch)
            self.assertNotIn(f'"{text}"', arch)
        arch = self.env["res.partner"].with_context(lang="en_US").get_view(view_type="form")["arch"]
        self.assertIn('confirm-title="Revoke portal access?"', arch)


@tagged("-at_install", "post_install")
class TestLanguageOfScripts(HttpCase):
    def test_scripts_on_customers_pages_get_their_texts(self):
        self.env["res.lang"]._activate_lang(DE)
        modules = self.url_open(f"/website/translations/anything?lang={DE}").json()["modules"]
        texts = {message["id"]: message["string"] for message in modules["portal_access_ext"]["messages"]}
        self.assertNotIn(texts["Your recovery codes"], ("", "Your recovery codes"))
        self.assertIn("auth_totp_portal", modules)
