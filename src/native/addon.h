/*
 * What the parts of the addon share: arguments, errors, and the functions that linkd.c exports.
 * Nothing here is global and mutable: every worker thread has an environment of its own.
 */
#pragma once

#define _GNU_SOURCE /* errno names, ptys, close-on-exec */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

/* arguments.c: each returns false, or NULL, with a JavaScript exception pending. */

bool get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);
/* An integer between the two bounds; anything else is a TypeError or a RangeError. */
bool get_integer(napi_env env, napi_value value, double least, double most, int64_t *result);
bool get_descriptor(napi_env env, napi_value value, int *fd);
bool get_array(napi_env env, napi_value value, napi_typedarray_type type, void **items, size_t *count);
napi_value make_integer(napi_env env, int64_t value);
napi_value throw_range(napi_env env, const char *message);
/* An Error with `code` and `errno` as Node's own have them: the code's name, the negative number. */
napi_value throw_errno(napi_env env, int error, const char *what);
/* The name of an errno, which may be negative; NULL when there is none. */
const char *errno_name(int error);

/* device.c */
napi_value open_tun(napi_env env, napi_callback_info info);
napi_value open_pty(napi_env env, napi_callback_info info);
napi_value socket_pair(napi_env env, napi_callback_info info);
napi_value open_netlink(napi_env env, napi_callback_info info);
napi_value duplicate_descriptor(napi_env env, napi_callback_info info);
napi_value limit_unsent(napi_env env, napi_callback_info info);
napi_value close_descriptor(napi_env env, napi_callback_info info);
napi_value make_raw(napi_env env, napi_callback_info info);
napi_value set_exclusive(napi_env env, napi_callback_info info);

/* datagram.c */
napi_value send_datagram(napi_env env, napi_callback_info info);

/* octets.c */
napi_value read_octets(napi_env env, napi_callback_info info);
napi_value write_octets(napi_env env, napi_callback_info info);
napi_value unsent_bytes(napi_env env, napi_callback_info info);

/* packets.c */
napi_value packet_state(napi_env env, napi_callback_info info);
napi_value read_packets(napi_env env, napi_callback_info info);
napi_value write_packets(napi_env env, napi_callback_info info);

/* peer.c */
napi_value peer_credentials(napi_env env, napi_callback_info info);

/* terminal.c */
napi_value get_terminal(napi_env env, napi_callback_info info);
napi_value set_terminal(napi_env env, napi_callback_info info);

/* watcher.c */
bool define_watcher(napi_env env);
napi_value create_watcher(napi_env env, napi_callback_info info);
