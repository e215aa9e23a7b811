from odoo import _, models


class IrUiView(models.Model):
    """Odoo 17.0 translates what a button asks before it does something, but not the question's title and answer."""

    _inherit = "ir.ui.view"

    def _portal_access_get_confirmations(self):
        """:return dict: the titles and answers in our views (`confirm-title`, `confirm-label`), translated"""
        return {
            "End the invitation": _("End the invitation"),
            "End this invitation?": _("End this invitation?"),
            "Remove end of access": _("Remove end of access"),
            "Remove the end of access?": _("Remove the end of access?"),
            "Revoke access": _("Revoke access"),
            "Revoke portal access?": _("Revoke portal access?"),
        }

    def _postprocess_tag_button(self, node, name_manager, node_info):
        postprocess = getattr(super(), "_postprocess_tag_button", None)
        result = postprocess(node, name_manager, node_info) if postprocess else None
        if node.get("confirm-title"):
            texts = self._portal_access_get_confirmations()
            for attribute in ("confirm-title", "confirm-label"):
                if node.get(attribute) in texts:
                    node.set(attribute, texts[node.get(attribute)])
        return result
