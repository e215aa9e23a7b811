/** @odoo-module **/

import PaymentForm from "@payment/js/payment_form";
import publicWidget from "@web/legacy/js/public/public_widget";

/**
 * How much to pay. The form for the payment follows, made for one amount: as long as another one is chosen, nothing can
 * be paid with it, only the page loaded again.
 */
publicWidget.registry.PortalPaymentChoices = publicWidget.Widget.extend({
    selector: "form.o_portal_payment_choices",
    events: { "change [name=pay]": "_onChange", "input [name=amount]": "_onChange" },

    start() {
        this._amount = this.el.querySelector("[name=amount]");
        this._shownAmount = this._amount?.value;
        // Some browsers keep the form as it was left.
        this._onPageShow = () => this._update();
        window.addEventListener("pageshow", this._onPageShow);
        this._update();
        if (this._amount?.classList.contains("is-invalid")) {
            this._amount.focus();
        }
        return this._super(...arguments);
    },

    destroy() {
        window.removeEventListener("pageshow", this._onPageShow);
        this._super(...arguments);
    },

    _onChange(ev) {
        this._update();
        const choice = ev.currentTarget;
        // The arrow keys choose on the way to another choice, and Tab leads to the amount.
        if (choice.value === "other" && choice.type === "radio" && !choice.matches(":focus-visible")) {
            this._amount.focus();
        }
    },

    _update() {
        const key = this.el.querySelector("[name=pay]:checked")?.value;
        const isShown = key === this.el.dataset.shown && (key !== "other" || this._amount.value === this._shownAmount);
        this.el.querySelector(".o_portal_payment_other")?.classList.toggle("d-none", key !== "other");
        this.el.querySelector(".o_portal_payment_continue").classList.toggle("d-none", isShown);
        for (let element = this.el.nextElementSibling; element; element = element.nextElementSibling) {
            element.classList.toggle("d-none", !isShown);
        }
    },
});

/** The payment's dialog on an invoice: open, where the customer comes to pay, or has chosen an amount. */
publicWidget.registry.PortalPaymentDialog = publicWidget.Widget.extend({
    selector: "#pay_with",

    start() {
        if (this.el.dataset.portalOpen || window.location.hash === "#portal_pay") {
            const wrong = this.el.querySelector(".is-invalid");
            this.$el.one("shown.bs.modal", () => wrong?.focus()).modal("show");
        }
        return this._super(...arguments);
    },
});

/** The button counts the invoices that are ticked. */
publicWidget.registry.PortalPaySelected = publicWidget.Widget.extend({
    selector: "form.o_portal_pay_selected",

    start() {
        this._onPick = () => this._update();
        for (const box of this._boxes()) {
            box.addEventListener("change", this._onPick);
        }
        window.addEventListener("pageshow", this._onPick);
        this._update();
        return this._super(...arguments);
    },

    destroy() {
        for (const box of this._boxes()) {
            box.removeEventListener("change", this._onPick);
        }
        window.removeEventListener("pageshow", this._onPick);
        this._super(...arguments);
    },

    _boxes() {
        return [...this.el.elements].filter((element) => element.name === "invoice_ids");
    },

    _update() {
        this.el.querySelector("button").disabled = !this._boxes().some((box) => box.checked);
    },
});

PaymentForm.include({
    /** Several invoices that are paid at once. */
    _prepareTransactionRouteParams() {
        const params = this._super(...arguments);
        if (this.paymentContext.invoiceIds) {
            params.invoice_ids = JSON.parse(this.paymentContext.invoiceIds);
        }
        return params;
    },
});
