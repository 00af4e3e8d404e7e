/*
 * The addon `linkd.node`: TUN devices, ptys, socket pairs, netlink listeners, and fast reads and writes on their descriptors.
 * binding.ts is its typed face and says what each function does; Makefile builds it.
 */
#include "addon.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>

static napi_value name_of_errno(napi_env env, napi_callback_info info);
static napi_value trim_memory(napi_env env, napi_callback_info info);

#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL}

NAPI_MODULE_INIT() {
  const napi_property_descriptor methods[] = {
      METHOD("openTun", open_tun),
      METHOD("openPty", open_pty),
      METHOD("socketPair", socket_pair),
      METHOD("openNetlink", open_netlink),
      METHOD("duplicate", duplicate_descriptor),
      METHOD("limitUnsent", limit_unsent),
      METHOD("close", close_descriptor),
      METHOD("makeRaw", make_raw),
      METHOD("setExclusive", set_exclusive),
      METHOD("getTerminal", get_terminal),
      METHOD("setTerminal", set_terminal),
      METHOD("sendDatagram", send_datagram),
      METHOD("peerCredentials", peer_credentials),
      METHOD("unsentBytes", unsent_bytes),
      METHOD("read", read_octets),
      METHOD("write", write_octets),
      METHOD("packetState", packet_state),
      METHOD("readPackets", read_packets),
      METHOD("writePackets", write_packets),
      METHOD("createWatcher", create_watcher),
      METHOD("errnoName", name_of_errno),
      METHOD("trimMemory", trim_memory),
  };
  napi_value again = make_integer(env, EAGAIN);
  if (again == NULL || !define_watcher(env)) return NULL;
  if (napi_define_properties(env, exports, sizeof methods / sizeof *methods, methods) != napi_ok) return NULL;
  if (napi_set_named_property(env, exports, "EAGAIN", again) != napi_ok) return NULL;
  return exports;
}

static napi_value name_of_errno(napi_env env, napi_callback_info info) {
  napi_value arguments[1], result;
  int64_t error;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_integer(env, arguments[0], INT32_MIN + 1.0, INT32_MAX, &error)) return NULL;
  char number[32];
  const char *name = errno_name((int)error);
  if (name == NULL) {
    snprintf(number, sizeof number, "errno %lld", (long long)(error < 0 ? -error : error));
    name = number;
  }
  return napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result) == napi_ok ? result : NULL;
}

static napi_value trim_memory(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  malloc_trim(0);
  return NULL;
}
