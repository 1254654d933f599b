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
    MX_O_AS(T, p id, "id", "Product."),                                                           \
    MX_O_AS(T, p slug, "slug", "Slug: its name in URLs."),                                        \
    MX_O_AS(T, p title, "title", "Its name."),                                                    \
    MX_O_AS_NULL(T, p brand, "brand", "Its maker."),                                              \
    MX_O_AS(T, p price, "price", "Net price of the cheapest variant."),                           \
    MX_O_AS(T, p price_max, "price_max", "Net price of the dearest variant."),                    \
    MX_O_AS_NULL(T, p compare_at_price, "compare_at_price",                                       \
                 "Former price of the cheapest variant."),                                        \
    MX_O_AS(T, p in_stock, "in_stock", "One of its variants is available now."),                  \
    MX_O_AS_NULL(T, p thumbnail, "thumbnail", "Address of a small picture."),                     \
    MX_F_SUB_AS(T, p rating, "rating", MX_K_OBJECT, 0, 0, 0, &mx_shape_rating,                     \
                "Ratings by buyers.")

#define MX_VARIANT_FIELDS                                                                           \
    MX_O(struct mx_variant, id, "Variant."),                                                      \
    MX_O(struct mx_variant, sku, "Article number."),                                              \
    MX_O(struct mx_variant, title, "Its choices; empty without options."),                        \
    MX_O_JSON_MAP(struct mx_variant, options, "Its choice of each option: name to value."),       \
    MX_O(struct mx_variant, price, "Net."),                                                       \
    MX_O_NULL(struct mx_variant, compare_at_price, "Former price."),                              \
    MX_O(struct mx_variant, in_stock, "Available now."),                                          \
    MX_O_ENUM(struct mx_variant, stock_hint, mx_stock_hint_names, "Many, few or none."),          \
    MX_F_HAS(struct mx_variant, weight_grams, MX_BODY, MX_F_NULLABLE, 0, 0, MX_TEXT, "Weight."),  \
    MX_O_JSON_LIST(struct mx_variant, media, &mx_shape_media, "Pictures."),                       \
    MX_O_METADATA(struct mx_variant, public_metadata, "Data of the shop.")

#define MX_PRODUCT_FIELDS(variant_shape)                                                            \
    MX_CARD_FIELDS(struct mx_product, card.),                                                       \
    MX_O(struct mx_product, description, "Description."),                                         \
    MX_O_JSON_LIST(struct mx_product, options, &mx_shape_option, "Choices between its variants."), \
    MX_O_LIST(struct mx_product, variants, variant_shape, "In their order."),                     \
    MX_O_JSON_LIST(struct mx_product, media, &mx_shape_media, "Pictures, the thumbnail first."),  \
    MX_O_JSON_MAP(struct mx_product, attributes, "Properties: name to value."),                   \
    MX_O_METADATA(struct mx_product, public_metadata, "Data of the shop."),                       \
    MX_O_LIST(struct mx_product, categories, &mx_shape_product_category, "Its categories."),      \
    MX_O_LIST(struct mx_product, related, &mx_shape_card, "Other products that the buyer may like.")
/* clang-format on */

extern const struct mx_shape mx_shape_rating, mx_shape_card, mx_shape_product_category,
    mx_shape_option, mx_shape_media;

#endif
