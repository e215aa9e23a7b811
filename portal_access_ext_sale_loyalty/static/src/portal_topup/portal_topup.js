/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

/** Keeps what is chosen and what is typed from contradicting each other. */
publicWidget.registry.PortalAddFunds = publicWidget.Widget.extend({
    selector: "form.o_portal_add_funds",
    events: { "change input[name=choice]": "_onChoose", "input input[name=amount]": "_onType" },

    _onChoose(ev) {
        const amount = this.el.querySelector("input[name=amount]");
        if (!amount) {
            return;
        }
        if (ev.currentTarget.value === "other") {
            amount.focus();
        } else {
            amount.value = "";
        }
    },

    _onType() {
        const other = this.el.querySelector("input[name=choice][value=other]");
        if (other && other.type === "radio") {
            other.checked = true;
        }
    },
});
