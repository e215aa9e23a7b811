/** @odoo-module **/

import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import publicWidget from "@web/legacy/js/public/public_widget";

/** Asks before an address is removed. */
publicWidget.registry.PortalAddressRemove = publicWidget.Widget.extend({
    selector: "form.o_portal_address_remove",
    events: { submit: "_onSubmit" },

    _onSubmit(ev) {
        ev.preventDefault();
        this.call("dialog", "add", ConfirmationDialog, {
            title: _t("Remove this address?"),
            body: _t("%s\n\nDocuments that have this address keep it.", this.el.dataset.address),
            confirmLabel: _t("Remove"),
            // Past this handler.
            confirm: () => this.el.submit(),
            cancel: () => {},
        });
    },
});
