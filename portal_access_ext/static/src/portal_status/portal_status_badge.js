/** @odoo-module **/

import { registry } from "@web/core/registry";
import { PortalAccessSelectionBadge } from "./selection_badge";

/** The portal status of a contact, in the colours of the dialog. */
export class PortalAccessStatusBadge extends PortalAccessSelectionBadge {
    static template = "portal_access_ext.StatusBadge";
    static colors = {
        active: "success",
        invited: "info",
        expired: "warning",
        revoked: "danger",
    };

    get help() {
        // It says more about an expired invitation than its label does.
        return this.value === "expired" ? this.props.record.fields[this.props.name].help : undefined;
    }
}

registry.category("fields").add("portal_access_status_badge", {
    component: PortalAccessStatusBadge,
    supportedTypes: ["selection"],
});
