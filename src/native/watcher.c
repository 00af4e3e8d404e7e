/*
 * Watchers: uv_poll on a descriptor, in the event loop of the thread that made them.
 *
 * A watcher's memory belongs to the loop from uv_poll_init on and is freed when libuv has closed the handle, never
 * earlier: not inside its own callback, and not when the environment ends (an asynchronous cleanup hook makes it wait).
 * The JavaScript object points to it until close() cuts the tie.
 */
#include "addon.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <uv.h>

/* As in binding.ts, and as in libuv. */
enum { READABLE = UV_READABLE, WRITABLE = UV_WRITABLE, HANGUP = UV_DISCONNECT };
_Static_assert(READABLE == 1 && WRITABLE == 2 && HANGUP == 4, "binding.ts has the same numbers");

struct watcher {
  uv_poll_t poll;
  napi_env env;
  napi_ref self; /* Strong: nobody needs to hold the object while it is open. */
  napi_ref callback;
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;
  int events; /* What is watched for; 0 while paused. */
};

static napi_value construct(napi_env env, napi_callback_info info);
static napi_value watch(napi_env env, napi_callback_info info);
static napi_value close_watcher(napi_env env, napi_callback_info info);
static void on_poll(uv_poll_t *handle, int status, int events);
static bool hung_up(const uv_poll_t *handle);
static void on_teardown(napi_async_cleanup_hook_handle hook, void *data);
static void on_closed(uv_handle_t *handle);
static napi_value new_object(struct watcher *watcher, napi_value callback);
static void discard(struct watcher *watcher);

/* Keeps the class as the environment's instance data. */
bool define_watcher(napi_env env) {
  const napi_property_descriptor methods[] = {
      {"watch", NULL, watch, NULL, NULL, NULL, napi_default, NULL},
      {"close", NULL, close_watcher, NULL, NULL, NULL, napi_default, NULL},
  };
  napi_value class;
  napi_ref reference;
  return napi_define_class(env, "Watcher", NAPI_AUTO_LENGTH, construct, NULL, 2, methods, &class) == napi_ok &&
         napi_create_reference(env, class, 1, &reference) == napi_ok &&
         napi_set_instance_data(env, reference, NULL, NULL) == napi_ok;
}

napi_value create_watcher(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  napi_valuetype type;
  uv_loop_t *loop;
  int fd;
  if (!get_arguments(env, info, 2, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  if (napi_typeof(env, arguments[1], &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, NULL, "not a function");
    return NULL;
  }
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return NULL;
  struct watcher *watcher = calloc(1, sizeof *watcher);
  if (watcher == NULL) return throw_errno(env, ENOMEM, "watch a descriptor");
  int status = uv_poll_init(loop, &watcher->poll, fd);
  if (status < 0) {
    free(watcher);
    return throw_errno(env, -status, "watch a descriptor");
  }
  watcher->poll.data = watcher;
  watcher->env = env;
  napi_value object = new_object(watcher, arguments[1]);
  if (object == NULL) discard(watcher);
  return object;
}

static napi_value watch(napi_env env, napi_callback_info info) {
  napi_value arguments[1], this;
  size_t count = 1;
  int64_t events;
  struct watcher *watcher;
  if (napi_get_cb_info(env, info, &count, arguments, &this, NULL) != napi_ok) return NULL;
  if (!get_integer(env, arguments[0], 0, READABLE | WRITABLE | HANGUP, &events)) return NULL;
  if (napi_unwrap(env, this, (void **)&watcher) != napi_ok) {
    napi_throw_error(env, NULL, "the watcher is closed");
    return NULL;
  }
  if (events == watcher->events) return NULL;
  int status = events == 0 ? uv_poll_stop(&watcher->poll)
                           : uv_poll_start(&watcher->poll, (int)events | UV_DISCONNECT, on_poll);
  if (status < 0) return throw_errno(env, -status, "watch a descriptor");
  watcher->events = (int)events;
  return NULL;
}

static napi_value close_watcher(napi_env env, napi_callback_info info) {
  napi_value this;
  size_t count = 0;
  struct watcher *watcher;
  if (napi_get_cb_info(env, info, &count, NULL, &this, NULL) != napi_ok) return NULL;
  if (napi_remove_wrap(env, this, (void **)&watcher) == napi_ok) discard(watcher);
  return NULL;
}

static void on_poll(uv_poll_t *handle, int status, int events) {
  struct watcher *watcher = handle->data;
  napi_env env = watcher->env;
  napi_handle_scope scope;
  napi_value self, callback, argument, exception;
  if (status < 0) {
    /* libuv knows no more than that something is wrong (POLLERR), and has stopped the handle: read() names the errno. */
    watcher->events = 0;
    events = READABLE | HANGUP;
  } else if (events == WRITABLE && hung_up(handle)) {
    events |= HANGUP;
  }
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, watcher->self, &self) == napi_ok &&
      napi_get_reference_value(env, watcher->callback, &callback) == napi_ok &&
      (argument = make_integer(env, events)) != NULL &&
      napi_make_callback(env, watcher->context, self, callback, 1, &argument, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    napi_fatal_exception(env, exception);
  }
  napi_close_handle_scope(env, scope);
}

/* libuv drops POLLHUP when anything else is reported with it, and a pty master that was hung up is writable for ever. */
static bool hung_up(const uv_poll_t *handle) {
  struct pollfd state = {.events = 0};
  return uv_fileno((const uv_handle_t *)handle, &state.fd) == 0 && poll(&state, 1, 0) == 1 &&
         (state.revents & POLLHUP) != 0;
}

/* The environment ends: it waits until on_closed has removed the hook. */
static void on_teardown(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  struct watcher *watcher = data;
  if (!uv_is_closing((uv_handle_t *)&watcher->poll)) discard(watcher);
}

static void on_closed(uv_handle_t *handle) {
  struct watcher *watcher = handle->data;
  if (watcher->hook != NULL) napi_remove_async_cleanup_hook(watcher->hook);
  free(watcher);
}

/* JavaScript reaches the class through `constructor`; an instance made that way is a closed watcher. */
static napi_value construct(napi_env env, napi_callback_info info) {
  napi_value this;
  size_t count = 0;
  return napi_get_cb_info(env, info, &count, NULL, &this, NULL) == napi_ok ? this : NULL;
}

/* Ties a new JavaScript object to the watcher. NULL on failure; the watcher may then be tied in part. */
static napi_value new_object(struct watcher *watcher, napi_value callback) {
  napi_env env = watcher->env;
  napi_value class, object, name;
  napi_ref reference;
  if (napi_add_async_cleanup_hook(env, on_teardown, watcher, &watcher->hook) == napi_ok &&
      napi_get_instance_data(env, (void **)&reference) == napi_ok &&
      napi_get_reference_value(env, reference, &class) == napi_ok &&
      napi_new_instance(env, class, 0, NULL, &object) == napi_ok &&
      napi_create_string_utf8(env, "linkd.watcher", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_async_init(env, object, name, &watcher->context) == napi_ok &&
      napi_create_reference(env, callback, 1, &watcher->callback) == napi_ok &&
      napi_create_reference(env, object, 1, &watcher->self) == napi_ok &&
      napi_wrap(env, object, watcher, NULL, NULL, NULL) == napi_ok) {
    return object;
  }
  return NULL;
}

/* Stops at once (the descriptor may be closed right after), gives back what JavaScript holds, frees later. */
static void discard(struct watcher *watcher) {
  napi_env env = watcher->env;
  if (watcher->self != NULL) napi_delete_reference(env, watcher->self);
  if (watcher->callback != NULL) napi_delete_reference(env, watcher->callback);
  if (watcher->context != NULL) napi_async_destroy(env, watcher->context);
  uv_close((uv_handle_t *)&watcher->poll, on_closed);
}
