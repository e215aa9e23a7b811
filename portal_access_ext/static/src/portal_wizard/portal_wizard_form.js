/** @odoo-module **/

import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { registry } from "@web/core/registry";
import { formView } from "@web/views/form/form_view";

/** The dialog asks before it is closed with changes that were not applied. */
export class PortalAccessWizardController extends formView.Controller {
    setup() {
        super.setup();
        const { dialogData } = this.env;
        if (dialogData) {
            // Every way out (button, cross, Escape) ends in this function.
            const close = dialogData.close;
            dialogData.close = () => this.confirmClose(close);
        }
    }

    confirmClose(close) {
        const { has_pending: hasPending, pending_summary: summary } = this.model.root.data;
        if (!hasPending) {
            return close();
        }
        this.dialogService.add(ConfirmationDialog, {
            title: _t("Close without applying?"),
            body: _t("These changes are not applied yet: %s.", summary),
            confirmLabel: _t("Close without applying"),
            confirm: close,
            cancelLabel: _t("Go back"),
            cancel: () => {},
        });
    }
}

registry.category("views").add("portal_access_wizard_form", {
    ...formView,
    Controller: PortalAccessWizardController,
});
