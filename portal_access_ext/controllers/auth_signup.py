from odoo.http import request

from odoo.addons.auth_signup.controllers.main import AuthSignupHome

from .portal_invitation import show_in_language


class PortalAccessSignup(AuthSignupHome):
    def get_auth_signup_qcontext(self):
        """Say at once that a link is expired or used; stock shows the form, and fails when it is sent."""
        qcontext = super().get_auth_signup_qcontext()
        token = qcontext.get("token")
        if token:
            # sudo: visitors read no contacts; they are told about the very link that they hold.
            Partner = request.env["res.partner"].sudo()
            if Partner._portal_access_link_problem(token):
                show_in_language(Partner._portal_access_link_holder(token).lang)
                problem = request.env["res.partner"].sudo()._portal_access_link_problem(token)
                qcontext.update(invalid_token=True, portal_link_problem=problem, error=problem["title"])
        return qcontext
