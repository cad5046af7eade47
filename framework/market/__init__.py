"""Facts of the markets: dated tables, each with its source, and the small pure rules that read them."""
