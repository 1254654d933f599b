// Calls as an app makes them, by each generated client: compiled only, so that a name or a type that
// an app needs cannot go missing.
import createClient from "openapi-fetch";
import type { components, paths } from "./gen/openapi-typescript";
import type * as heyApi from "./gen/hey-api";
import * as oazapfts from "./gen/oazapfts";
import type * as orval from "./gen/orval";
import { Api } from "./gen/sta/api";

type Schemas = components["schemas"];

// Enumerations and codes are types of their own.
const code: Schemas["ErrorCode"] = "out_of_stock";
const status: Schemas["OrderStatus"] = "placed";
const heyCode: heyApi.ErrorCode = code;
const orvalStatus: orval.OrderStatus = status;
// @ts-expect-error it is none
const unknownCode: Schemas["ErrorCode"] = "no_such_code";

export async function signIn(api: ReturnType<typeof createClient<paths>>): Promise<string> {
    const { data, error } = await api.POST("/v1/auth/login", {
        body: { email: "ada@shop.example", password: "correct horse battery staple" },
    });
    if (error)
        return `${error.code}: ${error.detail}`;
    // The discriminator tells the two answers apart.
    if (data.result === "mfa_required")
        return data.mfa_token;
    return data.user.id + data.access_token;
}

export async function browse(api: ReturnType<typeof createClient<paths>>): Promise<number> {
    const { data } = await api.GET("/v1/products", {
        params: { query: { limit: 10, sort: "price", in_stock: true } },
    });
    return data!.data.reduce((sum, card) => sum + card.price.amount, 0);
}

// A problem with members of its own.
export async function pay(api: ReturnType<typeof createClient<paths>>, key: string): Promise<string> {
    const { data, error } = await api.POST("/v1/checkout", {
        params: { header: { "Idempotency-Key": key } },
        body: { payment: { provider: "sandbox", token: "tok_declined" } },
    });
    if (error && "order_id" in error)
        return error.order_id;
    return error ? error.code : data.id;
}

export async function others(): Promise<unknown[]> {
    const api = new Api();
    const listed = await api.v1.productsList({ limit: 10, sort: "price" });
    const cart = await oazapfts.getV1Cart();
    return [listed.data, cart, heyCode, orvalStatus, unknownCode];
}
