from odoo import http

from odoo.addons.auth_totp.controllers.home import Home


class BrowserRoutes:
    """For tests in a browser: routes by which a tour asks for what only the customer's phone, or paper, knows."""

    def add_route(self, path, answer):
        """Have `/portal_access_ext/test/<path>` call a function, until the end of the test."""

        def handler(_self, **values):
            return answer(**values)

        handler.routing_type = "json"  # as Odoo's own test of this does
        name = f"portal_access_ext_test_{path}"
        setattr(Home, name, http.route(f"/portal_access_ext/test/{path}", type="json", auth="none")(handler))
        self.env.registry.clear_cache("routing")

        def remove():
            delattr(Home, name)
            self.env.registry.clear_cache("routing")

        self.addCleanup(remove)
