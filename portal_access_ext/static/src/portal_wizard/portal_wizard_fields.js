/** @odoo-module **/

import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { PortalAccessSelectionBadge } from "@portal_access_ext/portal_status/selection_badge";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useRecordObserver } from "@web/model/relational_model/utils";

/** A checkbox that answers to one click, whether or not its row is being edited. */
export class PortalAccessInPortal extends Component {
    static template = "portal_access_ext.InPortal";
    static components = { CheckBox };
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ value: false });
        useRecordObserver((record) => {
            this.state.value = record.data[this.props.name];
        });
    }

    get label() {
        // A contact that was deleted meanwhile left its email.
        const { partner_id: contact, email } = this.props.record.data;
        return _t("In Portal: %s", contact?.[1] || email);
    }

    async onChange(value) {
        this.state.value = value;
        await this.props.record.update({ [this.props.name]: value });
    }
}

registry.category("fields").add("portal_access_in_portal", {
    component: PortalAccessInPortal,
    supportedTypes: ["boolean"],
    isEmpty: () => false,
    extractProps: (_info, { readonly }) => ({ readonly }),
});

/**
 * The status of a row: a word, with the whole reason on hover and for screen readers.
 *
 * The reason is shown in full where somebody works on it: in the row that is being edited, in those
 * that are ticked though they can't be granted access, and in those that failed.
 */
export class PortalAccessStatus extends PortalAccessSelectionBadge {
    static template = "portal_access_ext.Status";
    static colors = {
        ready: "info",
        ready_again: "info",
        has_access: "success",
        granted: "success",
        invited: "success",
        saved: "success",
        until_set: "success",
        revoked: "secondary",
        internal: "secondary",
        no_email: "warning",
        duplicate: "warning",
    };
    static otherColor = "danger";

    get reason() {
        return this.props.record.data.access_reason || "";
    }

    get isReasonShown() {
        const { record } = this.props;
        const { in_portal: isTicked, seen_in_portal: hasAccess, is_grantable: isReady } = record.data;
        return record.isInEdition || this.value === "refused" || (isTicked && !hasAccess && !isReady);
    }
}

registry.category("fields").add("portal_access_status", {
    component: PortalAccessStatus,
    supportedTypes: ["selection"],
    fieldDependencies: [
        { name: "access_reason", type: "char" },
        { name: "in_portal", type: "boolean" },
        { name: "seen_in_portal", type: "boolean" },
        { name: "is_grantable", type: "boolean" },
    ],
});
