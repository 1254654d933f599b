/* Rows that the public and the staff form of a product have in common. */
#ifndef MX_API_CATALOG_PRODUCT_FIELDS_H
#define MX_API_CATALOG_PRODUCT_FIELDS_H

#include "catalog/product.h"
#include "catalog/stock.h"
#include "http/field.h"

/* clang-format off */
/* Output row of member m under the name `wire`. */
#define MX_O_AS(T, m, wire, doc) MX_F_AS(T, m, wire, MX_BODY, 0, 0, 0, MX_TEXT, doc)
#define MX_O_AS_NULL(T, m, wire, doc) \
    MX_F_AS(T, m, wire, MX_BODY, MX_F_NULLABLE, 0, 0, MX_TEXT, doc)

/* A card that is embedded in T as the members with prefix p (`card.`), or is T itself (no p). */
#define MX_CARD_FIELDS(T, p)                                                                        \
    MX_O_AS(T, p id, "id", "Id of the product."),                                                           \
    MX_O_AS(T, p slug, "slug", "Name in URLs, unique."),                                        \
    MX_O_AS(T, p title, "title", "Title."),                                                    \
    MX_O_AS_NULL(T, p brand, "brand", "Brand."),                                              \
    MX_O_AS(T, p price, "price", "Lowest price of a variant, before tax."),                           \
    MX_O_AS(T, p price_max, "price_max", "Highest price of a variant, before tax."),                    \
    MX_O_AS_NULL(T, p compare_at_price, "compare_at_price",                                       \
                 "Former price of the cheapest variant."),                                        \
    MX_O_AS(T, p in_stock, "in_stock", "True: at least one variant is in stock."),                  \
    MX_O_AS_NULL(T, p thumbnail, "thumbnail", "URL of a small picture."),                     \
    MX_F_SUB_AS(T, p rating, "rating", MX_K_OBJECT, 0, 0, 0, &mx_shape_rating,                     \
                "Ratings by buyers.")

#define MX_VARIANT_FIELDS                                                                           \
    MX_O(struct mx_variant, id, "Id of the variant."),                                                      \
    MX_O(struct mx_variant, sku, "Stock keeping unit (SKU)."),                                              \
    MX_O(struct mx_variant, title, "Option values of the variant; empty without options."),                        \
    MX_O_JSON_MAP(struct mx_variant, options, "Value of each option, by name."),       \
    MX_O(struct mx_variant, price, "Price of one unit, before tax."),                                                       \
    MX_O_NULL(struct mx_variant, compare_at_price, "Former price, for display as a reduced price."),                              \
    MX_O(struct mx_variant, in_stock, "True: the variant is in stock."),                                          \
    MX_O_ENUM(struct mx_variant, stock_hint, mx_stock_hint_names, "Rough stock level."),          \
    MX_F_HAS(struct mx_variant, weight_grams, MX_BODY, MX_F_NULLABLE, 0, 0, MX_TEXT, "Weight in grams; null: unknown."),  \
    MX_O_JSON_LIST(struct mx_variant, media, &mx_shape_media, "Pictures."),                       \
    MX_O_METADATA(struct mx_variant, public_metadata, "Further data of the shop: a JSON object.")

#define MX_PRODUCT_FIELDS(variant_shape)                                                            \
    MX_CARD_FIELDS(struct mx_product, card.),                                                       \
    MX_O(struct mx_product, description, "Description."),                                         \
    MX_O_JSON_LIST(struct mx_product, options, &mx_shape_option, "Options in which the variants differ."), \
    MX_O_LIST(struct mx_product, variants, variant_shape, "In display order."),                     \
    MX_O_JSON_LIST(struct mx_product, media, &mx_shape_media, "Pictures, the thumbnail first."),  \
    MX_O_JSON_MAP(struct mx_product, attributes, "Values of the attributes, by name."),                   \
    MX_O_METADATA(struct mx_product, public_metadata, "Further data of the shop: a JSON object."),                       \
    MX_O_LIST(struct mx_product, categories, &mx_shape_product_category, "Categories of the product."),      \
    MX_O_LIST(struct mx_product, related, &mx_shape_card, "Products to recommend with it.")
/* clang-format on */

extern const struct mx_shape mx_shape_rating, mx_shape_card, mx_shape_product_category,
    mx_shape_option, mx_shape_media;

#endif
