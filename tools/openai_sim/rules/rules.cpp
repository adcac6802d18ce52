#include "rules.h"

#include "boundaries.h"
#include "decisions.h"
#include "reader.h"

namespace kg_sim::rules {

using Json = nlohmann::ordered_json;

Json answer(std::string_view schema_name, const Json& user_document) {
  if (schema_name == "kg_boundary") return boundaries(user_document);
  if (schema_name == "kg_merge") return merge_answer(user_document);
  if (schema_name == "kg_predicate") return predicate_answer(user_document);
  if (schema_name == "kg_classify") return classify_answer(user_document);
  if (schema_name != "kg_extract") return nullptr;
  const std::optional<Document> document = document_of(user_document);
  if (!document) return nullptr;
  AnswerBuilder builder;
  Reader(*document, builder).read();
  return builder.answer();
}

}  // namespace kg_sim::rules
