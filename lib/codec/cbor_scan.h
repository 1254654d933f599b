/* CBOR (RFC 8949) before a decoder sees it. A decoder takes its memory from the count in a head:
 * five bytes that announce forty million elements cost it hundreds of megabytes, and an item within
 * an item costs it a frame. So the heads are walked here first, in constant memory. */
#ifndef MX_CODEC_CBOR_SCAN_H
#define MX_CODEC_CBOR_SCAN_H

#include "base/str.h"

/* Arrays and maps that may be open at once. */
#define MX_CBOR_DEPTH 16

/* Bytes of the data item that `in` begins with, or 0 when a decoder must not have it. All of the
 * item is there; each count fits the bytes behind its head (an element takes one at least, a pair
 * two, a string its length), at most MX_CBOR_DEPTH deep; nothing is of indefinite length, tagged or
 * reserved (CTAP 2.1 section 8). Whether map keys are unique and text is UTF-8 is not looked at. */
size_t mx_cbor_scan(struct mx_str in);

#endif
