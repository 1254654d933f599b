#include "api/crud.h"

#include "shop/audit.h"
#include "shop/version.h"

#define AUDIT_MAX (size_t)(256 << 10)
#define PAGE_IN_MAX 512 /* of the parameters of a page statement */

/* ---- input ---- */

const struct mx_shape mx_shape_crud_new = {"CrudNew", sizeof(struct mx_crud_in), NULL, 0, NULL};

#define ID MX_F(struct mx_crud_in, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the resource.")
static const struct mx_field one_fields[] = {ID};
MX_SHAPE(mx_shape_crud_one, "CrudOne", struct mx_crud_in, one_fields);

static const struct mx_field change_fields[] = {ID, MX_F_IF_MATCH(struct mx_crud_in, if_match)};
MX_SHAPE(mx_shape_crud_change, "CrudChange", struct mx_crud_in, change_fields);

/* ---- rows ---- */

static size_t row_size(const struct mx_noun *n)
{
    return (*n->find)->row_size;
}

static const struct mx_sql_slot *slot_of(const struct mx_sql_slot *slots, int count,
                                         const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(slots[i].name, name) == 0)
            return &slots[i];
    return NULL;
}

/* The member `name` of a row; NULL: it has none. */
static void *member(const struct mx_noun *n, void *one, const char *name)
{
    const struct mx_sql_slot *slot = slot_of((*n->find)->out, (*n->find)->n_out, name);

    return slot ? (char *)one + slot->off : NULL;
}

static int64_t *version_of(const struct mx_noun *n, void *one)
{
    int64_t *version = member(n, one, "version");

    MX_ASSERT(version != NULL);
    return version;
}

static void set_time(const struct mx_noun *n, void *one, const char *name, int64_t now_ms)
{
    struct mx_time *t = member(n, one, name);

    if (t)
        t->ms = now_ms;
}

/* Structs of the shape from rows, with what they hold beside them. */
static enum mx_err open_rows(struct mx_ctx *cx, const struct mx_noun *n, struct mx_list rows,
                             struct mx_list *ret_list)
{
    char *at = mx_arena_zalloc(cx->arena, rows.n, n->shape->size);

    for (size_t i = 0; i < rows.n; i++)
        memcpy(at + i * n->shape->size, (const char *)rows.at + i * row_size(n), row_size(n));
    *ret_list = MX_LIST_OF(at, rows.n, n->shape->size);
    return n->load && rows.n > 0 ? n->load(cx, at, rows.n) : MX_OK;
}

static enum mx_err find_one(struct mx_ctx *cx, const struct mx_noun *n, mx_statement by,
                            struct mx_id id, void **ret_one)
{
    struct mx_list rows, list;

    MX_TRY(mx_db_query(cx->db, *by, &id, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    MX_TRY(open_rows(cx, n, rows, &list));
    *ret_one = list.at;
    return MX_OK;
}

static struct mx_str snapshot(struct mx_ctx *cx, const struct mx_noun *n, const void *one)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, cx->arena, AUDIT_MAX);
    mx_jsonw_init(&w, &out);
    mx_shape_write(&w, n->shape, one);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

static struct mx_audit audit_row(struct mx_ctx *cx, const struct mx_noun *n, const char *verb,
                                 struct mx_id id, struct mx_str before, struct mx_str after)
{
    struct mx_str action = mx_str_fmt(cx->arena, "%s.%s", n->name, verb);

    return (struct mx_audit){
        .action = action.p, .object_type = n->name, .object = id, .before = before, .after = after};
}

/* ---- one change, in the present transaction; its row of the audit log is left to the caller ----
 */

/* Its own faults alone refuse an entry: in a batch, others may have some already. */
static enum mx_err check(struct mx_ctx *cx, const struct mx_noun *n, const void *before,
                         const void *after)
{
    int n_before = mx_faults_told(cx->faults);

    if (n->check)
        MX_TRY(n->check(cx, before, after));
    return mx_faults_told(cx->faults) > n_before ? MX_E_VALIDATION_FAILED : MX_OK;
}

static enum mx_err store(struct mx_ctx *cx, const struct mx_noun *n, mx_statement by,
                         const void *one)
{
    int64_t changed;
    enum mx_err e = mx_db_exec(cx->db, *by, one, &changed);

    if (e == MX_E_DUPLICATE && n->key) {
        mx_fault_at(cx->faults, mx_str_c(n->key), "taken", "%s", n->taken);
        return mx_fail(cx->faults, MX_E_CONFLICT, "%s", n->taken);
    }
    MX_TRY(e);
    MX_ASSERT(changed == 1);
    return n->save ? n->save(cx, one) : MX_OK;
}

static enum mx_err create(struct mx_ctx *cx, const struct mx_noun *n, const struct mx_sent *sent,
                          void *one, struct mx_audit *ret_row)
{
    struct mx_id id = mx_id_new();

    if (n->fresh)
        memcpy(one, n->fresh, n->shape->size);
    mx_sent_lay(n->shape, sent, one);
    memcpy(member(n, one, "id"), &id, sizeof(id));
    *version_of(n, one) = 1;
    set_time(n, one, "created_at", cx->now_ms);
    set_time(n, one, "updated_at", cx->now_ms);
    MX_TRY(check(cx, n, NULL, one));
    MX_TRY(store(cx, n, n->insert, one));
    *ret_row = audit_row(cx, n, "create", id, (struct mx_str){0}, snapshot(cx, n, one));
    return MX_OK;
}

/* Lay the sent members over the locked row. Where that changes nothing, nothing is written, and
 * *ret_row stays. */
static enum mx_err change(struct mx_ctx *cx, const struct mx_noun *n, const struct mx_crud_in *in,
                          void *before, void *after, struct mx_audit *ret_row)
{
    struct mx_str was = snapshot(cx, n, before);

    memcpy(after, before, n->shape->size);
    mx_sent_lay(n->shape, &in->sent, after);
    if (mx_str_eq(was, snapshot(cx, n, after)))
        return MX_OK;
    set_time(n, after, "updated_at", cx->now_ms);
    MX_TRY(check(cx, n, before, after));
    MX_TRY(store(cx, n, n->update, after));
    ++*version_of(n, after);
    *ret_row = audit_row(cx, n, "update", in->id, was, snapshot(cx, n, after));
    return MX_OK;
}

static enum mx_err check_version(struct mx_ctx *cx, const struct mx_noun *n, struct mx_str if_match,
                                 void *before)
{
    struct mx_buf title;

    mx_buf_init(&title, cx->arena, 200);
    mx_buf_c(&title, "The ");
    for (const char *p = n->name; *p; p++)
        mx_buf_byte(&title, *p == '_' ? ' ' : *p);
    return mx_version_check(cx, mx_buf_view(&title).p, if_match, *version_of(n, before));
}

static enum mx_err update(struct mx_ctx *cx, const struct mx_noun *n, const struct mx_crud_in *in,
                          void *after, struct mx_audit *ret_row)
{
    void *before;

    MX_TRY(find_one(cx, n, n->lock, in->id, &before));
    MX_TRY(check_version(cx, n, in->if_match, before));
    return change(cx, n, in, before, after, ret_row);
}

static enum mx_err drop(struct mx_ctx *cx, const struct mx_noun *n, struct mx_id id,
                        struct mx_str if_match, struct mx_audit *ret_row)
{
    void *before;

    MX_TRY(find_one(cx, n, n->lock, id, &before));
    MX_TRY(check_version(cx, n, if_match, before));
    MX_TRY(check(cx, n, before, NULL));
    if (n->unsave)
        MX_TRY(n->unsave(cx, id));
    MX_TRY(mx_db_exec(cx->db, *n->remove, &id, NULL));
    *ret_row = audit_row(cx, n, "delete", id, snapshot(cx, n, before), (struct mx_str){0});
    return MX_OK;
}

/* ---- handlers ---- */

/* Answer with the version as entity tag. */
static enum mx_err answer(struct mx_ctx *cx, struct mx_reply *reply, void *one)
{
    int64_t version = *version_of(reply->route->noun, one);

    reply->out = one;
    reply->etag = mx_str_fmt(cx->arena, "%lld", (long long)version);
    return MX_OK;
}

/* Write into the parameters of the page statement from where and how far. */
static void set_page(const struct mx_sql *page, const struct mx_page *at, char *in)
{
    const struct mx_sql_slot *before = slot_of(page->in, page->n_in, "before");
    const struct mx_sql_slot *limit = slot_of(page->in, page->n_in, "limit");
    struct mx_id newest;

    MX_ASSERT(before && before->off <= PAGE_IN_MAX - sizeof(newest));
    MX_ASSERT(limit && limit->off <= PAGE_IN_MAX - sizeof(at->limit));
    memset(&newest, 0xff, sizeof(newest));
    memcpy(in + before->off, at->at.set ? &at->at.id : &newest, sizeof(newest));
    memcpy(in + limit->off, &at->limit, sizeof(at->limit));
}

enum mx_err mx_crud_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct mx_noun *n = reply->route->noun;
    const struct mx_shape *filters = reply->route->in;
    char *page = mx_arena_zalloc(cx->arena, 1, PAGE_IN_MAX);
    struct mx_list rows;

    if (filters) {
        MX_ASSERT(filters->size <= PAGE_IN_MAX);
        memcpy(page, in, filters->size);
    }
    set_page(*n->page, &reply->page, page);
    MX_TRY(mx_db_query(cx->db, *n->page, page, &rows));
    return open_rows(cx, n, rows, &reply->page.rows);
}

enum mx_err mx_crud_create(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct mx_noun *n = reply->route->noun;
    void *one = mx_arena_zalloc(cx->arena, 1, n->shape->size);
    struct mx_audit row;
    struct mx_id id;

    MX_TRY(create(cx, n, &((const struct mx_crud_in *)in)->sent, one, &row));
    MX_TRY(mx_audit_write(cx, &row));
    memcpy(&id, member(n, one, "id"), sizeof(id));
    reply->location =
        mx_str_fmt(cx->arena, "%s/%s", reply->route->path, mx_id_str(cx->arena, id).p);
    return answer(cx, reply, one);
}

enum mx_err mx_crud_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct mx_noun *n = reply->route->noun;
    void *one;

    MX_TRY(find_one(cx, n, n->find, ((const struct mx_crud_in *)in)->id, &one));
    return answer(cx, reply, one);
}

enum mx_err mx_crud_update(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct mx_noun *n = reply->route->noun;
    void *one = mx_arena_zalloc(cx->arena, 1, n->shape->size);
    struct mx_audit row = {.action = NULL};

    MX_TRY(update(cx, n, in, one, &row));
    if (row.action)
        MX_TRY(mx_audit_write(cx, &row));
    return answer(cx, reply, one);
}

enum mx_err mx_crud_delete(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct mx_crud_in *i = in;
    struct mx_audit row;

    MX_TRY(drop(cx, reply->route->noun, i->id, i->if_match, &row));
    return mx_audit_write(cx, &row);
}

/* ---- many at once ---- */

/* A batch on its way. */
struct run {
    struct mx_ctx *cx;
    const struct mx_noun *noun;
    enum mx_err e; /* MX_OK: no entry was refused so far */
    size_t n_rows;
    struct mx_audit
        rows[MX_BATCH_MAX + 1]; /* of the entries that changed something, and the next one */
};

/* Faults that entry `i` of `list` has added are at its place; where it added none, its refusal is
 * one. */
static void place_faults(const struct run *r, const char *list, size_t i, int n_before,
                         enum mx_err e)
{
    struct mx_faults *f = r->cx->faults;
    struct mx_str at = mx_str_fmt(r->cx->arena, "/%s/%zu", list, i);

    if (mx_faults_told(f) == n_before) {
        mx_fault_at(f, at, mx_err_code(e), "%s", f->detail.p ? f->detail.p : mx_err_title(e));
        mx_fault_params(f, f->params);
        return;
    }
    for (int k = n_before; k < f->n; k++)
        f->at[k].pointer =
            mx_str_fmt(r->cx->arena, "%.*s%.*s", MX_FMT(at), MX_FMT(f->at[k].pointer));
}

/* True: go on to the next entry. A refusal of the database ends the transaction, and a change by
 * others meanwhile ends the batch; faults of the entries until then are told together. */
static bool goes_on(struct run *r, const char *list, size_t i, int n_before, enum mx_err e)
{
    if (e == MX_OK) {
        r->n_rows += r->rows[r->n_rows].action != NULL;
        return true;
    }
    if (mx_err_status(e) < 500)
        place_faults(r, list, i, n_before, e);
    if (e == MX_E_NOT_FOUND)
        e = MX_E_VALIDATION_FAILED;
    if (e != MX_E_CONFLICT || r->e == MX_OK)
        r->e = e;
    return e == MX_E_VALIDATION_FAILED;
}

static bool create_all(struct run *r, const struct mx_list *in, struct mx_list *out)
{
    for (size_t i = 0; i < in->n; i++) {
        int n_before = mx_faults_told(r->cx->faults);
        char *one = (char *)out->at + i * r->noun->shape->size;
        enum mx_err e =
            create(r->cx, r->noun, MX_AT(*in, const struct mx_sent, i), one, &r->rows[r->n_rows]);

        if (!goes_on(r, "create", i, n_before, e))
            return false;
    }
    return true;
}

/* The version that an entry says to have seen, as an If-Match would; absent: none. */
static struct mx_str seen_version(const struct run *r, const struct mx_sent *sent)
{
    const struct mx_shape *shape = r->noun->shape;

    for (size_t i = 0; i < shape->n; i++)
        if (strcmp(shape->fields[i].name, "version") == 0 && (sent->rows & UINT64_C(1) << i))
            return mx_str_fmt(r->cx->arena, "\"%lld\"", (long long)*version_of(r->noun, sent->at));
    return (struct mx_str){0};
}

static bool update_all(struct run *r, const struct mx_list *in, struct mx_list *out)
{
    for (size_t i = 0; i < in->n; i++) {
        const struct mx_sent *sent = MX_AT(*in, const struct mx_sent, i);
        int n_before = mx_faults_told(r->cx->faults);
        char *one = (char *)out->at + i * r->noun->shape->size;
        struct mx_crud_in entry = {.sent = *sent, .if_match = seen_version(r, sent)};
        enum mx_err e;

        memcpy(&entry.id, member(r->noun, sent->at, "id"), sizeof(entry.id));
        e = update(r->cx, r->noun, &entry, one, &r->rows[r->n_rows]);
        if (!goes_on(r, "update", i, n_before, e))
            return false;
    }
    return true;
}

static bool remove_all(struct run *r, const struct mx_list *in)
{
    for (size_t i = 0; i < in->n; i++) {
        int n_before = mx_faults_told(r->cx->faults);
        struct mx_id id;
        enum mx_err e = MX_E_NOT_FOUND;

        if (mx_id_parse(*MX_AT(*in, const struct mx_str, i), &id))
            e = drop(r->cx, r->noun, id, (struct mx_str){0}, &r->rows[r->n_rows]);
        if (!goes_on(r, "delete", i, n_before, e))
            return false;
    }
    return true;
}

static enum mx_err write_rows(const struct run *r)
{
    for (size_t at = 0, n; at < r->n_rows; at += n) {
        n = r->n_rows - at < MX_AUDIT_ROWS_MAX ? r->n_rows - at : MX_AUDIT_ROWS_MAX;
        MX_TRY(mx_audit_write_all(r->cx, &r->rows[at], n));
    }
    return MX_OK;
}

static struct mx_list room_for(const struct run *r, size_t n)
{
    return MX_LIST_OF(mx_arena_zalloc(r->cx->arena, n, r->noun->shape->size), n,
                      r->noun->shape->size);
}

enum mx_err mx_crud_batch(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct mx_crud_batch *b = in;
    struct run r = {.cx = cx, .noun = reply->route->noun};
    struct mx_crud_done *done = MX_NEW(cx->arena, struct mx_crud_done);
    size_t n = b->create.n + b->update.n + b->remove.n;

    if (n == 0 || n > MX_BATCH_MAX) {
        mx_fault_at(cx->faults, MX_S(""), n ? "too_many" : "too_few",
                    "must have 1 to %d entries in all", MX_BATCH_MAX);
        return MX_E_VALIDATION_FAILED;
    }
    done->create = room_for(&r, b->create.n);
    done->update = room_for(&r, b->update.n);
    done->remove = b->remove;
    /* In this order one may take the place of another. */
    if (remove_all(&r, &b->remove) && update_all(&r, &b->update, &done->update))
        (void)create_all(&r, &b->create, &done->create);
    reply->out = done;
    if (r.e == MX_E_VALIDATION_FAILED)
        cx->faults->detail = cx->faults->params = (struct mx_str){0};
    return r.e == MX_OK ? write_rows(&r) : r.e;
}
