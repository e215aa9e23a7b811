/** @odoo-module **/

import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const COLORS = {
    active: "success",
    invited: "info",
    expired: "warning",
    revoked: "danger",
    none: "secondary",
    internal: "secondary",
};

/** The portal status of a contact, in the colours of the dialog. */
export class PortalAccessStatusBadge extends Component {
    static template = "portal_access_ext.StatusBadge";
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name];
    }

    get label() {
        const options = this.props.record.fields[this.props.name].selection;
        return options.find(([code]) => code === this.value)?.[1] || "";
    }

    get help() {
        // It says more about an expired invitation than its label does.
        return this.value === "expired" ? this.props.record.fields[this.props.name].help : undefined;
    }

    get color() {
        return COLORS[this.value] || "secondary";
    }
}

registry.category("fields").add("portal_access_status_badge", {
    component: PortalAccessStatusBadge,
    supportedTypes: ["selection"],
});
