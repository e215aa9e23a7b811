/** @odoo-module **/

import { Component } from "@odoo/owl";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** A selection in a coloured pill: the value's label, and the colour that its class has for it. */
export class PortalAccessSelectionBadge extends Component {
    static props = { ...standardFieldProps };
    static colors = {};
    static otherColor = "secondary";

    get value() {
        return this.props.record.data[this.props.name];
    }

    get label() {
        const options = this.props.record.fields[this.props.name].selection;
        return options.find(([code]) => code === this.value)?.[1] || "";
    }

    get color() {
        return this.constructor.colors[this.value] || this.constructor.otherColor;
    }
}
