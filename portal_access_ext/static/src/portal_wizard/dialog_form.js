/** @odoo-module **/

import { formView } from "@web/views/form/form_view";
import { registry } from "@web/core/registry";
import { useDialogOrder } from "@portal_access_ext/dialog_order/dialog_order";

/** A form that is read in order where it is in a dialog. */
class PortalAccessDialogFormController extends formView.Controller {
    setup() {
        super.setup();
        useDialogOrder(this.rootRef);
    }
}

registry.category("views").add("portal_access_dialog_form", {
    ...formView,
    Controller: PortalAccessDialogFormController,
});
