"""Which joints give a movement away: a small network with attention over joints, trained on infants' joint tracks.

A research aid, never a diagnosis. After Zhu et al., "Interpreting Deep Learning based Cerebral Palsy Prediction with
Channel Attention" (arXiv 2106.04471); only its abstract was available, so the network and its training are our reading.
"""

NOTICE = "Research aid, never a diagnosis: a small network's opinion about joint tracks, not validated on patients."
"""stands in every output"""
