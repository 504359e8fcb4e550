#pragma once
#include <libyang/libyang.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// What libyang offers as macros, casts and variadic functions, as plain functions.

static inline size_t yang_count(const void *sized_array) { return LY_ARRAY_COUNT((const char *)sized_array); }

// The type of a leaf or leaf-list; NULL for other nodes.
static inline const struct lysc_type *yang_type(const struct lysc_node *node) {
  if (node->nodetype == LYS_LEAF) return ((const struct lysc_node_leaf *)node)->type;
  if (node->nodetype == LYS_LEAFLIST) return ((const struct lysc_node_leaflist *)node)->type;
  return NULL;
}

// The name a leaf's type has in the module's text (`t:port`); needs a context with LY_CTX_SET_PRIV_PARSED.
static inline const char *yang_type_name(const struct lysc_node *node) {
  if (!node->priv) return NULL;
  if (node->nodetype == LYS_LEAF) return ((const struct lysp_node_leaf *)node->priv)->type.name;
  if (node->nodetype == LYS_LEAFLIST) return ((const struct lysp_node_leaflist *)node->priv)->type.name;
  return NULL;
}

static inline const char *yang_units(const struct lysc_node *node) {
  if (node->nodetype == LYS_LEAF) return ((const struct lysc_node_leaf *)node)->units;
  if (node->nodetype == LYS_LEAFLIST) return ((const struct lysc_node_leaflist *)node)->units;
  return NULL;
}

static inline const char *yang_default(const struct ly_ctx *context, const struct lysc_node *node) {
  if (node->nodetype != LYS_LEAF) return NULL;
  const struct lyd_value *value = ((const struct lysc_node_leaf *)node)->dflt;
  return value ? lyd_value_get_canonical(context, value) : NULL;
}

static inline uint32_t yang_max_elements(const struct lysc_node *node) {
  if (node->nodetype == LYS_LEAFLIST) return ((const struct lysc_node_leaflist *)node)->max;
  if (node->nodetype == LYS_LIST) return ((const struct lysc_node_list *)node)->max;
  return 1;
}

static inline const char *yang_value(const struct lyd_node *node) {
  if (!node->schema) return ((const struct lyd_node_opaq *)node)->value;
  if (!(node->schema->nodetype & LYD_NODE_TERM)) return NULL;
  return lyd_get_value(node);
}

static inline struct lyd_node *yang_child(const struct lyd_node *node) { return lyd_child(node); }
// Whether the node was added by validation and not set by anybody.
static inline bool yang_is_default(const struct lyd_node *node) { return node->flags & LYD_DEFAULT; }
static inline struct lyd_node *yang_parent(const struct lyd_node *node) { return lyd_parent(node); }

// Name and module of a node that no loaded module describes.
static inline const char *yang_opaque_name(const struct lyd_node *node) { return ((const struct lyd_node_opaq *)node)->name.name; }
static inline const char *yang_opaque_module(const struct lyd_node *node) {
  return ((const struct lyd_node_opaq *)node)->name.module_name;
}

// Adds a list entry; its keys in the order of the schema, at most three.
static inline LY_ERR yang_new_list(
    struct lyd_node *parent, const struct lys_module *module, const char *name, const char *const *keys, size_t count,
    struct lyd_node **out) {
  switch (count) {
  case 1: return lyd_new_list(parent, module, name, 0, out, keys[0]);
  case 2: return lyd_new_list(parent, module, name, 0, out, keys[0], keys[1]);
  case 3: return lyd_new_list(parent, module, name, 0, out, keys[0], keys[1], keys[2]);
  default: return LY_EINVAL;
  }
}

// The path of a leafref and the type of what it refers to.
static inline const char *yang_leafref_path(const struct lysc_type *type) {
  return type->basetype == LY_TYPE_LEAFREF ? lyxp_get_expr(((const struct lysc_type_leafref *)type)->path) : NULL;
}

// Frees text that libyang allocated.
static inline void yang_free(char *text) { free(text); }

static inline bool yang_is_named(const struct lysc_node *node, const char *name) { return strcmp(node->name, name) == 0; }
static inline bool yang_is_core(const struct lysc_node *node) { return strcmp(node->module->name, "tandem") == 0; }

static inline uint32_t yang_min_elements(const struct lysc_node *node) {
  if (node->nodetype == LYS_LEAFLIST) return ((const struct lysc_node_leaflist *)node)->min;
  if (node->nodetype == LYS_LIST) return ((const struct lysc_node_list *)node)->min;
  return 0;
}

// The choices directly below a node, one after the other from NULL.
static inline const struct lysc_node *yang_next_choice(const struct lysc_node *last, const struct lysc_node *parent) {
  const struct lysc_node *node = last;
  while ((node = lys_getnext(node, parent, NULL, LYS_GETNEXT_WITHCHOICE)))
    if (node->nodetype == LYS_CHOICE) return node;
  return NULL;
}

// Puts a detached node after a top-level node. libyang looks for the place from the first node on, which makes ten thousand routes slow; top-level
// nodes have no hash table to keep, so the links are all there is.
static inline void yang_link_after(struct lyd_node *first, struct lyd_node *sibling, struct lyd_node *node) {
  node->prev = sibling;
  node->next = sibling->next;
  if (node->next) node->next->prev = node;
  else first->prev = node;
  sibling->next = node;
}

// Marks a node as checked for duplicates, which libyang does by comparing each top-level node with all others.
static inline void yang_mark_unique(struct lyd_node *node) { node->flags &= ~(uint32_t)LYD_NEW; }
