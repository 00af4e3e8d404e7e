/* Arguments from JavaScript checked, and errors towards it. A wrong argument is the caller's mistake and throws. */
#include "addon.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

bool get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  /* Those that are missing become undefined. */
  return napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok;
}

bool get_integer(napi_env env, napi_value value, double least, double most, int64_t *result) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    napi_throw_type_error(env, NULL, "not a number");
    return false;
  }
  /* Written so that NaN fails; the bounds keep the conversion defined. */
  if (!(number >= least && number <= most) || (double)(int64_t)number != number) {
    throw_range(env, "the number is out of range");
    return false;
  }
  *result = (int64_t)number;
  return true;
}

bool get_descriptor(napi_env env, napi_value value, int *fd) {
  int64_t number;
  if (!get_integer(env, value, 0, INT_MAX, &number)) return false;
  *fd = (int)number;
  return true;
}

bool get_array(napi_env env, napi_value value, napi_typedarray_type type, void **items, size_t *count) {
  napi_typedarray_type actual;
  if (napi_get_typedarray_info(env, value, &actual, count, items, NULL, NULL) == napi_ok && actual == type) return true;
  napi_throw_type_error(env, NULL, type == napi_uint8_array ? "not a Uint8Array" : "not an Int32Array");
  return false;
}

napi_value make_integer(napi_env env, int64_t value) {
  napi_value result;
  return napi_create_int64(env, value, &result) == napi_ok ? result : NULL;
}

napi_value throw_range(napi_env env, const char *message) {
  napi_throw_range_error(env, NULL, message);
  return NULL;
}

napi_value throw_errno(napi_env env, int error, const char *what) {
  const char *name = errno_name(error);
  const char *description = strerrordesc_np(error);
  char message[200];
  snprintf(message, sizeof message, "%s: %s, %s", name ? name : "UNKNOWN", description ? description : "unknown", what);
  napi_value code, text, exception, number = make_integer(env, -error);
  if (number != NULL && napi_create_string_utf8(env, name ? name : "UNKNOWN", NAPI_AUTO_LENGTH, &code) == napi_ok &&
      napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text) == napi_ok &&
      napi_create_error(env, code, text, &exception) == napi_ok &&
      napi_set_named_property(env, exception, "errno", number) == napi_ok) {
    napi_throw(env, exception);
  } else {
    napi_throw_error(env, name, message);
  }
  return NULL;
}

const char *errno_name(int error) {
  return strerrorname_np(error < 0 ? -error : error);
}
