-- The rates of a class, which products hold while they take it.
ALTER TABLE tax_rate ADD KEY tax_rate_class (class);
