"""Reading what people write: YAML whose every character counts, typed fields, and faults that say how to mend them."""
