/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";
import "@portal/js/portal";

/**
 * A form for a customer's own data or address: it starts at the first field that is wrong, and follows the
 * country: its states, which fields are needed, and the order of zip code and city. It is sent once.
 */
publicWidget.registry.PortalAccessForm = publicWidget.Widget.extend({
    selector: "form.o_portal_form",
    events: { "change select[name=country_id]": "_onChangeCountry", submit: "_onSubmit" },

    init() {
        this._super(...arguments);
        this.rpc = this.bindService("rpc");
    },

    start() {
        if (this.el.dataset.country) {
            this._showCountry(JSON.parse(this.el.dataset.country));
        }
        const wrong = this.el.querySelector(".is-invalid:not(:disabled)");
        if (wrong) {
            wrong.focus();
        }
        // Some browsers keep the page as it was left.
        this._onPageShow = () => this._setSendable(true);
        window.addEventListener("pageshow", this._onPageShow);
        this._onPageShow();
        return this._super(...arguments);
    },

    destroy() {
        window.removeEventListener("pageshow", this._onPageShow);
        this._super(...arguments);
    },

    /** @param {Event} ev a second tap would send the form again */
    _onSubmit(ev) {
        if (!ev.isDefaultPrevented()) {
            this._setSendable(false);
        }
    },

    _setSendable(isSendable) {
        for (const button of this.el.querySelectorAll("button[type=submit]")) {
            button.disabled = !isSendable;
        }
    },

    async _onChangeCountry(ev) {
        const country = ev.currentTarget;
        const state = this._field("state_id");
        const countryId = country.value;
        if (state) {
            // A state of the country before must not be sent with this one.
            state.value = "";
            state.disabled = true;
        }
        let info;
        try {
            info = await this.rpc(`/my/country/${countryId || 0}`, {});
        } finally {
            if (state) {
                state.disabled = false;
            }
        }
        if (countryId !== country.value) {
            return; // another one was chosen meanwhile
        }
        if (state) {
            state.replaceChildren(state.options[0], ...info.states.map(([id, name]) => new Option(name, id)));
        }
        this._showCountry(info);
    },

    /** @param {Object} info what the server says of a country */
    _showCountry(info) {
        const [state, zip, city] = [this._field("state_id"), this._field("zip", "zipcode"), this._field("city")];
        if (state) {
            this._box(state).classList.toggle("d-none", state.options.length < 2);
            this._markRequired(state, info.state_required);
        }
        if (zip) {
            this._markRequired(zip, info.zip_required);
        }
        if (zip && city) {
            const [first, second] = info.zip_first ? [zip, city] : [city, zip];
            if (first.compareDocumentPosition(second) & Node.DOCUMENT_POSITION_PRECEDING) {
                this._box(second).before(this._box(first));
            }
        }
    },

    _field(...names) {
        return this.el.querySelector(names.map((name) => `[name=${name}]`).join(","));
    },

    _box(field) {
        return field.parentElement;
    },

    _markRequired(field, isRequired) {
        field.required = isRequired;
        this._box(field).querySelector(".o_portal_optional").classList.toggle("d-none", isRequired);
    },
});

publicWidget.registry.portalDetails.include({
    /** Odoo's own form picks from the states of all countries, which ours does not load. */
    _adaptAddressForm() {
        if (!this.el.closest("form.o_portal_form")) {
            this._super(...arguments);
        }
    },
});
