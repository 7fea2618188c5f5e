#include "kernels/train/final_model.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/export/manifest.h"

namespace winnow::train {

std::map<std::string, exporting::Tensor> FinalModel(const JobContext& context,
                                                    const MaskedModel& model) {
  std::map<std::string, exporting::Tensor> tensors;
  const nn::Network& network = *model.network;
  for (const nn::EmbeddingTable& table : network.embeddings()) {
    const std::string name =
        exporting::EmbeddingTensorName(context.table->profile().columns[table.column].name);
    const float* values = network.table(&table - network.embeddings().data());
    tensors[name] = {{table.vocabulary, table.dimension},
                     {values, values + table.vocabulary * table.dimension}};
  }
  for (size_t i = 0; i < network.layers().size(); ++i) {
    const nn::DenseLayer& layer = network.layers()[i];
    const auto index = static_cast<int32_t>(i);
    const float* weights = network.weights(index);
    exporting::Tensor folded{{layer.inputs, layer.outputs},
                             {weights, weights + layer.weight_count()}};
    if (!model.mask.empty() && model.fold->layer == index) {
      gates::FoldRows(*model.fold, model.mask, 0, layer.inputs, weights, folded.values.data());
    }
    tensors[layer.name + ".weight"] = std::move(folded);
    tensors[layer.name + ".bias"] = {{layer.outputs},
                                     {network.bias(index), network.bias(index) + layer.outputs}};
  }
  return tensors;
}

}  // namespace winnow::train
