/* Who is at the other end of a Unix socket, as the kernel noted it when that end connected. */
#include "addon.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Most users are in fewer groups; whoever is in more costs a second call. */
enum { USUAL_GROUPS = 64 };

static napi_value make_credentials(napi_env env, const struct ucred *peer, const gid_t *groups, size_t count);

napi_value peer_credentials(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct ucred peer;
  gid_t usual[USUAL_GROUPS], *groups = usual;
  socklen_t length = sizeof peer, octets = sizeof usual;
  int fd;
  if (!get_arguments(env, info, 1, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return throw_errno(env, errno, "getsockopt SO_PEERCRED");
  int status = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, usual, &octets);
  if (status < 0 && errno == ERANGE) {
    /* The kernel has said how many octets it takes. */
    groups = malloc(octets);
    if (groups == NULL) return throw_errno(env, ENOMEM, "getsockopt SO_PEERGROUPS");
    status = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &octets);
  }
  napi_value result = status < 0 ? throw_errno(env, errno, "getsockopt SO_PEERGROUPS")
                                 : make_credentials(env, &peer, groups, octets / sizeof *groups);
  if (groups != usual) free(groups);
  return result;
}

static napi_value make_credentials(napi_env env, const struct ucred *peer, const gid_t *groups, size_t count) {
  napi_value result, list, pid = make_integer(env, peer->pid), uid = make_integer(env, peer->uid),
                           gid = make_integer(env, peer->gid);
  if (pid == NULL || uid == NULL || gid == NULL || napi_create_object(env, &result) != napi_ok ||
      napi_create_array_with_length(env, count, &list) != napi_ok) {
    return NULL;
  }
  for (size_t i = 0; i < count; i++) {
    napi_value group = make_integer(env, groups[i]);
    if (group == NULL || napi_set_element(env, list, (uint32_t)i, group) != napi_ok) return NULL;
  }
  if (napi_set_named_property(env, result, "pid", pid) != napi_ok ||
      napi_set_named_property(env, result, "uid", uid) != napi_ok ||
      napi_set_named_property(env, result, "gid", gid) != napi_ok ||
      napi_set_named_property(env, result, "groups", list) != napi_ok) {
    return NULL;
  }
  return result;
}
